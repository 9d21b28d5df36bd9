package io.github.dnd4j.examples.experiment;

import io.github.dnd4j.InvalidInputException;
import io.github.dnd4j.encoder.TextPair;
import io.github.dnd4j.internal.Checks;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;

/**
 * A retrieval task: for each of its questions the right answer is to be found among the answers of
 * all of them.
 *
 * <pre>{@code
 * List<TextPair> pairs = RetrievalPairs.read(Path.of("questions.json")).pairs();
 * RetrievalTask task = RetrievalTask.select("science", pairs, 500, 0);
 * }</pre>
 *
 * @param name what it is called
 * @param pairs questions and their answers, at least two, no answer twice, for then it would be
 *     undefined which of the two is right
 */
public record RetrievalTask(String name, List<TextPair> pairs) {

  /**
   * Checks and copies the values.
   *
   * @param name what it is called
   * @param pairs questions and their answers, at least two, no answer twice
   */
  public RetrievalTask {
    Checks.notBlank(name, "name");
    pairs = List.copyOf(Checks.notNull(pairs, "pairs"));
    if (pairs.size() < 2) {
      throw new InvalidInputException(
          "the retrieval task " + name + " needs at least two pairs, but has " + pairs.size());
    }
    Set<String> answers = new LinkedHashSet<>();
    for (TextPair pair : pairs) {
      if (!answers.add(RetrievalPairs.comparable(pair.positive()))) {
        throw new InvalidInputException(
            "the retrieval task " + name + " has the answer '" + pair.positive() + "' twice");
      }
    }
  }

  /**
   * A random selection of pairs, no two of which have the same answer, apart from case and white
   * space.
   *
   * @param name what the task is called
   * @param pairs what to select from
   * @param most how many; all that have different answers if there are fewer
   * @param seed decides which
   * @return the task
   */
  public static RetrievalTask select(String name, List<TextPair> pairs, int most, long seed) {
    Checks.positive(most, "most");
    Set<String> answers = new LinkedHashSet<>();
    List<TextPair> selected =
        shuffled(pairs, seed).stream()
            .filter(pair -> answers.add(RetrievalPairs.comparable(pair.positive())))
            .limit(most)
            .toList();
    return new RetrievalTask(name, selected);
  }

  static List<TextPair> shuffled(List<TextPair> pairs, long seed) {
    List<TextPair> shuffled = new ArrayList<>(Checks.notNull(pairs, "pairs"));
    Collections.shuffle(shuffled, new Random(seed));
    return shuffled;
  }

  /**
   * What is searched with.
   *
   * @return the questions, in the order of the pairs
   */
  public List<String> questions() {
    return pairs.stream().map(TextPair::anchor).toList();
  }

  /**
   * What is searched in.
   *
   * @return the answers, in the order of the pairs
   */
  public List<String> answers() {
    return pairs.stream().map(TextPair::positive).toList();
  }
}
