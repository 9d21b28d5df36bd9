package io.github.dnd4j.examples;

import io.github.dnd4j.encoder.TextPair;
import io.github.dnd4j.examples.experiment.RetrievalPairs;
import io.github.dnd4j.examples.experiment.RetrievalSplit;
import io.github.dnd4j.examples.experiment.RetrievalTask;
import io.github.dnd4j.io.PromptExample;
import io.github.dnd4j.io.PromptFile;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * What the quickstart generates from and what it measures with: the resource {@code
 * quickstart.json} of questions and answers in two random halves, and prompts that have nothing to
 * do with them.
 *
 * <p>The questions of one half are what prompts are drawn from, without their answers. The main
 * figure is that of the other half, so that nothing that is measured was seen by the generator, not
 * even the question. Searched are the answers of both halves all the same: so the task is as hard
 * as it is for all questions, and answers are nothing that prompts tell of.
 *
 * @param task all questions and answers
 * @param pool the questions that prompts are drawn from
 * @param asked the questions of the other half, by their index in the task
 * @param unrelated the prompts of the control
 */
record QuickstartTask(
    RetrievalTask task, List<String> pool, List<Integer> asked, List<String> unrelated) {

  private static final String RESOURCES = "io/github/dnd4j/examples";
  private static final String NAME = "quickstart";
  private static final String QUESTIONS = "quickstart.json";
  private static final String UNRELATED = "unrelated-prompts.txt";

  /**
   * Reads the resources.
   *
   * @param seed decides which questions are in which half
   */
  static QuickstartTask read(long seed) {
    try (ResourceFiles files =
        ResourceFiles.unpack(
            QuickstartTask.class.getClassLoader(),
            RESOURCES,
            List.of(QUESTIONS, UNRELATED),
            "build dnd-examples again")) {
      RetrievalPairs pairs = RetrievalPairs.read(files.folder().resolve(QUESTIONS));
      List<String> unrelated =
          PromptFile.read(files.folder().resolve(UNRELATED)).stream()
              .map(PromptExample::prompt)
              .toList();
      return split(pairs, unrelated, seed);
    }
  }

  private static QuickstartTask split(RetrievalPairs pairs, List<String> unrelated, long seed) {
    RetrievalTask task = new RetrievalTask(NAME, pairs.pairs());
    List<String> questions = task.questions();
    RetrievalSplit split = RetrievalSplit.ofHalves(NAME, pairs, questions.size(), seed);
    Set<String> half = Set.copyOf(split.test().questions());
    return new QuickstartTask(
        task,
        split.tuning().stream().map(TextPair::anchor).toList(),
        IntStream.range(0, questions.size())
            .filter(i -> half.contains(questions.get(i)))
            .boxed()
            .toList(),
        unrelated);
  }

  /** How many questions there are in all. */
  int size() {
    return task.pairs().size();
  }
}
