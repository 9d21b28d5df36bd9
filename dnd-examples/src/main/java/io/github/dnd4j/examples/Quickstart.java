package io.github.dnd4j.examples;

import io.github.dnd4j.DragAndDrop;
import io.github.dnd4j.GenerationOptions;
import io.github.dnd4j.encoder.SentenceEncoder;
import io.github.dnd4j.examples.experiment.RetrievalScore;
import io.github.dnd4j.lora.LoraAdapter;
import io.github.dnd4j.spi.ProgressListener;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Generates adapters for the quickstart's task, and measures what they change. */
final class Quickstart {

  private final DragAndDrop generator;
  private final SentenceEncoder encoder;
  private final QuickstartTask task;
  private final long seed;

  /**
   * Puts it together; generator and encoder stay the caller's.
   *
   * @param generator makes adapters of the encoder
   * @param encoder the encoder without an adapter
   * @param task what to generate from and to measure with
   * @param seed decides which prompts are drawn
   */
  Quickstart(DragAndDrop generator, SentenceEncoder encoder, QuickstartTask task, long seed) {
    this.generator = generator;
    this.encoder = encoder;
    this.task = task;
    this.seed = seed;
  }

  /** The first draw's adapter of the task's questions; the caller closes it. */
  LoraAdapter generate() {
    return generate(task.pool(), 0);
  }

  private LoraAdapter generate(List<String> pool, int draw) {
    boolean scaled = generator.trainingPrompts().isPresent();
    return generator.generate(
        pool, GenerationOptions.defaults().withSeed(31 * seed + draw).withScaledByNovelty(scaled));
  }

  /**
   * Scores the encoder bare, with an adapter, and with those of further draws.
   *
   * @param written the first draw's adapter as it was written
   * @param draws how many draws there are of the task's prompts, and of unrelated ones
   * @param progress hears how many encoders were scored
   * @return the scores on all questions
   */
  QuickstartScores measure(Path written, int draws, ProgressListener progress) {
    int total = 1 + 2 * draws;
    RetrievalScore bare = RetrievalScore.of(encoder, task.task());
    progress.onProgress(1, total);
    List<RetrievalScore> generated = new ArrayList<>();
    List<RetrievalScore> control = new ArrayList<>();
    for (int draw = 0; draw < draws; draw++) {
      try (LoraAdapter adapter =
          draw == 0 ? LoraAdapter.load(written) : generate(task.pool(), draw)) {
        generated.add(score(adapter));
      }
      progress.onProgress(2 + 2L * draw, total);
      try (LoraAdapter adapter = generate(task.unrelated(), draw)) {
        control.add(score(adapter));
      }
      progress.onProgress(3 + 2L * draw, total);
    }
    return new QuickstartScores(
        bare, generated.get(0), RetrievalScore.mean(generated), RetrievalScore.mean(control));
  }

  private RetrievalScore score(LoraAdapter adapter) {
    try (SentenceEncoder adapted = encoder.withAdapter(adapter)) {
      return RetrievalScore.of(adapted, task.task());
    }
  }
}
