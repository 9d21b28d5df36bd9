package io.github.dnd4j.examples.experiment;

import io.github.dnd4j.encoder.SentenceEncoder;
import io.github.dnd4j.examples.experiment.Contender.Kind;
import io.github.dnd4j.lora.LoraAdapter;
import io.github.dnd4j.lora.LoraAlgebra;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Scores one adapter after the other on one task. */
final class Scorer {

  private final SentenceEncoder encoder;
  private final RetrievalTask task;
  private final List<Contender> contenders = new ArrayList<>();

  Scorer(SentenceEncoder encoder, RetrievalTask task) {
    this.encoder = encoder;
    this.task = task;
  }

  void scoreBare() {
    contenders.add(new Contender(Kind.BARE, "", RetrievalScore.of(encoder, task)));
  }

  void score(Kind kind, String detail, Path file) {
    try (LoraAdapter adapter = LoraAdapter.load(file)) {
      score(kind, detail, adapter);
    }
  }

  private void score(Kind kind, String detail, LoraAdapter adapter) {
    try (SentenceEncoder adapted = encoder.withAdapter(adapter)) {
      contenders.add(new Contender(kind, detail, RetrievalScore.of(adapted, task)));
    }
  }

  /** Scores the mean of adapters in weight space. */
  void scoreMean(Kind kind, List<Path> files) {
    List<LoraAdapter> adapters = new ArrayList<>();
    try {
      files.forEach(file -> adapters.add(LoraAdapter.load(file)));
      try (LoraAdapter mean = LoraAlgebra.meanOfMatrices(adapters)) {
        score(kind, "", mean);
      }
    } finally {
      adapters.forEach(LoraAdapter::close);
    }
  }

  List<Contender> contenders() {
    return List.copyOf(contenders);
  }
}
