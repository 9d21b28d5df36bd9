package io.github.dnd4j;

import io.github.dnd4j.spi.ComponentSpec;
import io.github.dnd4j.spi.WeightDecoder;
import io.github.dnd4j.spi.WeightDecoderProvider;
import java.nio.file.Path;

/** Opens {@link LinearDecoder}s; public, since a ServiceLoader makes it. */
public final class LinearDecoderProvider implements WeightDecoderProvider {

  @Override
  public String type() {
    return LinearDecoder.TYPE;
  }

  @Override
  public WeightDecoder open(ComponentSpec spec, Path weights) {
    return LinearDecoder.open(spec, weights);
  }
}
