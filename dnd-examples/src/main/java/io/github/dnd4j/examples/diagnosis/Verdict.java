package io.github.dnd4j.examples.diagnosis;

import static io.github.dnd4j.examples.diagnosis.TextTable.count;
import static io.github.dnd4j.examples.diagnosis.TextTable.names;
import static io.github.dnd4j.examples.diagnosis.TextTable.number;

import io.github.dnd4j.FileFormatException;
import io.github.dnd4j.PromptNovelty;
import io.github.dnd4j.lora.AdapterDiagnosis;
import io.github.dnd4j.lora.LoraAdapter;
import io.github.dnd4j.lora.MatrixDiagnosis;
import io.github.dnd4j.lora.ModuleDiagnosis;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** What a diagnosis means, in plain sentences. */
final class Verdict {

  /** Of fewer effective directions than this, a change of a larger rank has collapsed. */
  private static final double ONE_DIRECTION = 1.5;

  private static final int FEWEST_TO_COLLAPSE = 4;

  private Verdict() {}

  static List<String> of(LoraAdapter adapter, AdapterDiagnosis diagnosis) {
    List<String> sentences = new ArrayList<>();
    if (diagnosis.isBroken()) {
      sentences.add(broken(diagnosis));
    } else if (diagnosis.doesNothing()) {
      sentences.add(nothing(diagnosis));
    } else {
      sentences.add(something(diagnosis));
    }
    if (!diagnosis.doesNothing()) {
      addModules(sentences, diagnosis);
    }
    if (diagnosis.isHealthy()) {
      sentences.add(spectrum(diagnosis));
    }
    sentences.addAll(origin(adapter));
    return sentences;
  }

  private static String broken(AdapterDiagnosis diagnosis) {
    List<MatrixDiagnosis> matrices = diagnosis.brokenMatrices();
    long nans = matrices.stream().mapToLong(MatrixDiagnosis::nans).sum();
    long infinities = matrices.stream().mapToLong(MatrixDiagnosis::infinities).sum();
    return "It is broken, do not use it: "
        + count(nans, "number")
        + (nans == 1 ? " is" : " are")
        + " NaN and "
        + infinities
        + " infinite, in "
        + names(matrices.stream().map(MatrixDiagnosis::name).toList())
        + ".";
  }

  private static String nothing(AdapterDiagnosis diagnosis) {
    List<ModuleDiagnosis> modules = diagnosis.modules();
    String reason = "";
    if (modules.stream().allMatch(module -> module.b().isZero())) {
      reason =
          " All of B is 0, as before training: it was never trained, or its weights were lost.";
    } else if (modules.stream().allMatch(module -> module.a().isZero())) {
      reason = " All of A is 0.";
    } else if (modules.stream().allMatch(module -> module.scale() == 0)) {
      reason = " Its alpha is 0.";
    }
    return "It does nothing: dW is 0 in all of its "
        + count(modules.size(), "module")
        + ", so the model with it is the model without it."
        + reason;
  }

  private static String something(AdapterDiagnosis diagnosis) {
    int all = diagnosis.modules().size();
    return "It does something: it changes "
        + (all - diagnosis.zeroModules().size())
        + " of "
        + count(all, "module")
        + ", with |dW| = "
        + number(diagnosis.norm())
        + " over all.";
  }

  private static void addModules(List<String> sentences, AdapterDiagnosis diagnosis) {
    List<String> zero = paths(diagnosis.zeroModules());
    if (!zero.isEmpty()) {
      sentences.add(
          count(zero.size(), "module")
              + (zero.size() == 1 ? " does nothing, its" : " do nothing, their")
              + " dW is 0: "
              + names(zero)
              + ".");
    }
    double median = diagnosis.medianRootMeanSquare();
    List<String> exploding =
        diagnosis.explodingModules().stream()
            .map(
                module ->
                    module.module().path()
                        + " (for each weight "
                        + number(module.rootMeanSquare() / median)
                        + " times the median module)")
            .toList();
    if (!exploding.isEmpty()) {
      sentences.add(
          count(exploding.size(), "module")
              + (exploding.size() == 1 ? " is" : " are")
              + " far larger than the others: "
              + names(exploding)
              + ".");
    }
  }

  private static List<String> paths(List<ModuleDiagnosis> modules) {
    return modules.stream().map(module -> module.module().path()).toList();
  }

  private static String spectrum(AdapterDiagnosis diagnosis) {
    List<ModuleDiagnosis> changing =
        diagnosis.modules().stream().filter(module -> !module.isZero()).toList();
    double effective =
        Statistics.median(changing.stream().map(ModuleDiagnosis::effectiveRank).toList());
    double possible =
        Statistics.median(changing.stream().map(m -> (double) m.singularValues().size()).toList());
    String collapsed =
        effective < ONE_DIRECTION && possible >= FEWEST_TO_COLLAPSE
            ? ", so nearly all of it is in one direction: the change has collapsed"
            : "";
    return String.format(
        Locale.ROOT,
        "The median module's change has an effective rank of %.1f of %s%s.",
        effective,
        number(possible).replaceAll("\\.0+$", ""),
        collapsed);
  }

  /** What its generator knew of the prompts. */
  private static List<String> origin(LoraAdapter adapter) {
    List<String> sentences = new ArrayList<>();
    try {
      PromptNovelty.of(adapter).ifPresent(novelty -> sentences.add(sentence(novelty)));
    } catch (FileFormatException e) {
      sentences.add("What its generator said of its prompts cannot be read: " + e.getMessage());
    }
    Map<String, String> metadata = adapter.metadata();
    String strength = metadata.get("dnd4j.strength");
    if (strength != null) {
      sentences.add(
          "It was multiplied by "
              + strength
              + " when it was generated, by the novelty of its prompts.");
    }
    return sentences;
  }

  private static String sentence(PromptNovelty novelty) {
    return String.format(
        Locale.ROOT,
        "Its prompts %s (novelty %.2f, threshold %.2f); the nearest training set is %s.",
        novelty.isNovel()
            ? "are unlike all that its generator was trained on, so it may be worse than none"
            : "are like those that its generator was trained on",
        novelty.score(),
        novelty.threshold(),
        novelty.nearest());
  }
}
