package io.github.dnd4j.examples.bench;

import ai.onnxruntime.OrtException;
import io.github.dnd4j.DragAndDropException;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.stream.Collectors;

/** What ONNX Runtime's Java library takes for encoding texts, if it is on the class path. */
final class OnnxRuntimePeer {

  private static final String NAME = "ONNX Runtime";
  private static final String LIBRARY = "ai.onnxruntime.OrtEnvironment";
  private static final String MODEL = "all-minilm-l6-v2.onnx";

  /** How many windows at once: what is best depends on the caches, so all are tried. */
  private static final List<Integer> AT_ONCE = List.of(1, 4, 16);

  private final BenchPlan plan;
  private final int threads;
  private final Duration limit;

  OnnxRuntimePeer(BenchPlan plan, int threads, Duration limit) {
    this.plan = plan;
    this.threads = threads;
    this.limit = limit;
  }

  /** Whether both the library and the model are there. */
  static boolean available() {
    ClassLoader loader = OnnxRuntimePeer.class.getClassLoader();
    try {
      Class.forName(LIBRARY, false, loader);
      return loader.getResource(MODEL) != null;
    } catch (ClassNotFoundException e) {
      return false;
    }
  }

  private record Attempt(int atOnce, List<Run> runs) {

    Measurement measurement(EncoderTexts texts, String by, String note) {
      return new Measurement(
          texts.part(), by, texts.size(), runs, ResidentMemory.peakBytes(), note);
    }
  }

  /** Encodes the same tokens as DnD4J. */
  Measurement encode(EncoderTexts texts) {
    PromptTokens tokens = texts.tokens();
    ResidentMemory.resetPeak();
    try (OnnxRuntimeEncoder encoder = new OnnxRuntimeEncoder(MODEL, threads)) {
      return best(texts, attempts(encoder, tokens), NAME + " " + encoder.version());
    } catch (OrtException | IOException | LinkageError e) {
      return Measurement.none(texts.part(), NAME, texts.size(), "failed: " + e.getMessage());
    }
  }

  private List<Attempt> attempts(OnnxRuntimeEncoder encoder, PromptTokens tokens)
      throws OrtException {
    long start = System.nanoTime();
    List<Attempt> attempts = new ArrayList<>();
    for (int atOnce : AT_ONCE) {
      boolean different = attempts.isEmpty() || atOnce <= tokens.windows().size();
      boolean inTime = System.nanoTime() - start < limit.toNanos();
      if (different && inTime) {
        attempts.add(new Attempt(atOnce, runs(encoder, tokens, atOnce)));
      }
    }
    return attempts;
  }

  private List<Run> runs(OnnxRuntimeEncoder encoder, PromptTokens tokens, int atOnce)
      throws OrtException {
    List<Run> runs = new ArrayList<>();
    for (int i = 0; i <= plan.repeats(); i++) {
      long start = System.nanoTime();
      float[] states = encoder.encode(tokens, atOnce);
      runs.add(Run.since(start));
      if (!Float.isFinite(states[states.length - 1])) {
        throw new DragAndDropException(NAME + " gave a hidden state that is no number");
      }
    }
    return runs;
  }

  /** The fastest way counts. */
  private static Measurement best(EncoderTexts texts, List<Attempt> attempts, String by) {
    Attempt best = attempts.get(0);
    for (Attempt attempt : attempts) {
      if (seconds(attempt) < seconds(best)) {
        best = attempt;
      }
    }
    String tried =
        attempts.stream().map(a -> Integer.toString(a.atOnce)).collect(Collectors.joining(", "));
    String note =
        "from Java, the same tokens and mask, no tokenizer; "
            + best.atOnce
            + " at once"
            + (attempts.size() == 1 ? "" : ", best of " + tried);
    return best.measurement(texts, by, note);
  }

  private static double seconds(Attempt attempt) {
    return new Measurement(Part.ENCODING, NAME, 1, attempt.runs, OptionalLong.empty(), "")
        .seconds();
  }
}
