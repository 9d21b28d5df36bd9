package io.github.dnd4j.examples;

import io.github.dnd4j.InvalidInputException;
import io.github.dnd4j.examples.experiment.RetrievalPairs;
import io.github.dnd4j.examples.experiment.RetrievalSplit;
import java.nio.file.Path;
import picocli.CommandLine.Option;

/** Questions and answers on the command line, and how they are split. */
final class TaskOptions {

  /** How many questions a task has unless it is said otherwise. */
  static final int QUESTIONS = 500;

  @Option(
      names = "--halves",
      description = {
        "Split the questions by --split-seed: dnd tune takes one half, dnd retrieve --halves the"
            + " other."
      })
  boolean halves;

  @Option(
      names = "--split-seed",
      paramLabel = "N",
      defaultValue = "0",
      description = "Decides which questions are in which half, and which are asked (default: 0).")
  long splitSeed;

  /** Created by picocli. */
  TaskOptions() {}

  RetrievalSplit split(Path file, RetrievalPairs pairs, int questions) {
    if (pairs.pairs().size() < 4) {
      throw new InvalidInputException(
          file
              + " has "
              + pairs.pairs().size()
              + " questions with answers: two halves need at least 4");
    }
    return RetrievalSplit.ofHalves(nameOf(file), pairs, questions, splitSeed);
  }

  /** A file's name without its ending. */
  static String nameOf(Path file) {
    return String.valueOf(file.getFileName()).replaceFirst("\\.[^.]*$", "");
  }
}
