package io.github.dnd4j;

import io.github.dnd4j.spi.ComponentSpec;
import io.github.dnd4j.spi.PromptEncoder;
import io.github.dnd4j.spi.PromptEncoderProvider;

/** Opens {@link HashEncoder}s; public, since a ServiceLoader makes it. */
public final class HashEncoderProvider implements PromptEncoderProvider {

  @Override
  public String type() {
    return HashEncoder.TYPE;
  }

  @Override
  public PromptEncoder open(ComponentSpec spec) {
    return new HashEncoder(Integer.parseInt(spec.require("dimension")));
  }
}
