package io.github.dnd4j.examples;

import io.github.dnd4j.PromptNovelty;
import io.github.dnd4j.lora.LoraAdapter;
import java.io.PrintWriter;
import java.util.Locale;

/** Says how unlike an adapter's prompts are to those that its generator was trained on. */
final class NoveltyReport {

  private NoveltyReport() {}

  /** One line; nothing if the generator does not remember its training prompts. */
  static void print(LoraAdapter adapter, boolean scaled, PrintWriter out) {
    PromptNovelty.of(adapter)
        .ifPresent(
            novelty ->
                out.printf(
                    Locale.ROOT,
                    "  %-19s %8.2f (nearest training set: %s%s)%n",
                    "novelty of prompts",
                    novelty.score(),
                    novelty.nearest(),
                    scaled
                        ? String.format(
                            Locale.ROOT,
                            "; scaled by %.2f",
                            Double.parseDouble(adapter.metadata().get("dnd4j.strength")))
                        : ""));
  }

  /** Only of prompts above the threshold. */
  static void warn(LoraAdapter adapter, String advice, PrintWriter err) {
    PromptNovelty.of(adapter)
        .filter(PromptNovelty::isNovel)
        .ifPresent(
            novelty ->
                err.printf(
                    Locale.ROOT,
                    "dnd: warning: these prompts are unlike all that the generator was trained on"
                        + " (novelty %.2f, above %.2f), so the adapter may be worse than none%s%n",
                    novelty.score(),
                    novelty.threshold(),
                    advice));
  }
}
