package io.github.dnd4j.examples.bench;

import io.github.dnd4j.decoder.ConvolutionEngine;
import io.github.dnd4j.decoder.ConvolutionWork;
import io.github.dnd4j.decoder.HyperConvConfig;
import java.util.ArrayList;
import java.util.List;

/**
 * Where the time goes, against the least that it can be on this machine.
 *
 * @param peak what the machine does at best
 * @param all the encoder, and the decoder's stages for a single condition
 */
record Bounds(MachinePeak peak, List<Bound> all) {

  /** The sizes of all-MiniLM-L6-v2. */
  private static final int LAYERS = 6;

  private static final int WIDTH = 384;
  private static final int INNER = 1536;

  Bounds {
    all = List.copyOf(all);
  }

  /**
   * The bound of the encoder.
   *
   * @param measured how long DnD4J took
   * @param tokens what it encoded
   */
  static Bound encoder(Measurement measured, PromptTokens tokens) {
    double dense = 4.0 * WIDTH * WIDTH + 2.0 * WIDTH * INNER;
    double multiplications = 0;
    for (PromptTokens.Window window : tokens.windows()) {
      double attention = attentionPerWidth(window, tokens.length()) * WIDTH;
      multiplications += LAYERS * tokens.length() * (dense + attention);
    }
    return new Bound(
        measured.part().title(measured.size()),
        measured.by(),
        "",
        2 * multiplications,
        (long) (LAYERS * dense * Float.BYTES),
        measured.seconds());
  }

  /**
   * A query's products with keys and values: padding is computed like everything else, but is no
   * key. Where there is nothing else, all keys count the same, and only values are added up.
   */
  private static double attentionPerWidth(PromptTokens.Window window, int length) {
    return window.valid() == 0 ? length : 2.0 * window.valid();
  }

  /**
   * The bounds of the decoder's stages.
   *
   * @param measured how long DnD4J took, stage by stage
   * @param stages their names
   * @param config the decoder
   * @param engine what computed its convolutions
   */
  static List<Bound> decoder(
      Measurement measured, List<String> stages, HyperConvConfig config, ConvolutionEngine engine) {
    List<ConvolutionWork> work = ConvolutionWork.of(config, engine, measured.size());
    List<Bound> bounds = new ArrayList<>();
    for (int i = 0; i < stages.size(); i++) {
      int stage = i;
      List<ConvolutionWork> of = work.stream().filter(w -> w.layer() == stage).toList();
      bounds.add(
          new Bound(
              stages.get(i),
              measured.by(),
              method(of),
              of.stream().mapToDouble(ConvolutionWork::operations).sum(),
              of.stream().mapToLong(ConvolutionWork::weightBytes).sum(),
              measured.stageSeconds().get(i)));
    }
    return bounds;
  }

  private static String method(List<ConvolutionWork> work) {
    long transformed = work.stream().filter(ConvolutionWork::transformed).count();
    return transformed == 0
        ? "direct"
        : transformed + " of " + work.size() + " convolutions by transforms";
  }
}
