package io.github.dnd4j.examples;

import io.github.dnd4j.DragAndDrop;
import io.github.dnd4j.decoder.HyperConvConfig;
import io.github.dnd4j.decoder.HyperConvDecoder;
import io.github.dnd4j.encoder.SentenceEncoder;
import io.github.dnd4j.lora.LoraTargets;
import io.github.dnd4j.lora.ScaleEncoding;
import java.nio.file.Path;

/**
 * A generator directory with a decoder of one small stage and random weights, which in the log
 * scale encoding make adapters of about the usual size.
 */
final class TinyGenerator {

  private TinyGenerator() {}

  /** Writes it for adapters of all-MiniLM-L6-v2, and says where. */
  static Path write(Path directory) {
    try (DragAndDrop generator =
        DragAndDrop.builder()
            .encoder(SentenceEncoder.allMiniLmL6V2())
            .decoder(HyperConvDecoder.fresh(HyperConvConfig.of("(2,8,384) (324,10,130)", 1), 0))
            .target(LoraTargets.MINILM_L6)
            .scaleEncoding(ScaleEncoding.log(ScaleEncoding.DEFAULT_CENTER))
            .build()) {
      generator.save(directory);
    }
    return directory;
  }
}
