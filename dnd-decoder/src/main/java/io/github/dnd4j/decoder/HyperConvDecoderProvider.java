package io.github.dnd4j.decoder;

import io.github.dnd4j.spi.ComponentSpec;
import io.github.dnd4j.spi.WeightDecoder;
import io.github.dnd4j.spi.WeightDecoderProvider;
import java.nio.file.Path;

/** Opens the hyper-convolutional decoder of a generator directory. */
public final class HyperConvDecoderProvider implements WeightDecoderProvider {

  /** For {@link java.util.ServiceLoader}. */
  public HyperConvDecoderProvider() {}

  @Override
  public String type() {
    return HyperConvConfig.TYPE;
  }

  @Override
  public WeightDecoder open(ComponentSpec spec, Path weights) {
    return HyperConvDecoder.load(weights, HyperConvConfig.fromSpec(spec));
  }

  @Override
  public WeightDecoder openCompact(ComponentSpec spec, Path weights) {
    return Frozen16BitDecoder.load(weights, HyperConvConfig.fromSpec(spec));
  }
}
