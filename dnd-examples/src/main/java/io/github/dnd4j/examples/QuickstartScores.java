package io.github.dnd4j.examples;

import io.github.dnd4j.examples.experiment.RetrievalScore;
import java.util.List;

/**
 * What the quickstart measures, all on the same questions.
 *
 * @param bare the encoder without an adapter
 * @param adapter with the adapter that is written
 * @param draws the mean over adapters of several draws of prompts, that one among them
 * @param control the mean over as many adapters of draws of unrelated prompts
 */
record QuickstartScores(
    RetrievalScore bare, RetrievalScore adapter, RetrievalScore draws, RetrievalScore control) {

  /** The scores on some of the questions, by their index; searched were the answers of all. */
  QuickstartScores of(List<Integer> questions) {
    return new QuickstartScores(
        of(bare, questions), of(adapter, questions), of(draws, questions), of(control, questions));
  }

  private static RetrievalScore of(RetrievalScore score, List<Integer> questions) {
    return new RetrievalScore(
        score.rankings().stream()
            .map(ranks -> questions.stream().map(ranks::get).toList())
            .toList());
  }
}
