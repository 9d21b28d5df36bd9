package io.github.dnd4j.encoder;

import io.github.dnd4j.InvalidInputException;
import io.github.dnd4j.internal.Checks;
import java.util.ArrayList;
import java.util.List;

/**
 * Two texts that belong together, for example a question and its answer: {@link LoraTuner} brings
 * their embeddings closer to each other than to those of other pairs.
 *
 * @param anchor the text that is searched with
 * @param positive the text that should be found
 */
public record TextPair(String anchor, String positive) {

  /**
   * Checks the values.
   *
   * @param anchor the text that is searched with
   * @param positive the text that should be found
   */
  public TextPair {
    Checks.notNull(anchor, "anchor");
    Checks.notNull(positive, "positive");
  }

  /**
   * Pairs of two lists.
   *
   * @param anchors the texts that are searched with
   * @param positives for each of them the text that should be found
   * @return the pairs
   * @throws InvalidInputException if the lists are not of the same size
   */
  public static List<TextPair> zip(List<String> anchors, List<String> positives) {
    if (Checks.notNull(anchors, "anchors").size()
        != Checks.notNull(positives, "positives").size()) {
      throw new InvalidInputException(
          "there are "
              + anchors.size()
              + " anchors, but "
              + positives.size()
              + " positives: each anchor needs one");
    }
    List<TextPair> pairs = new ArrayList<>();
    for (int i = 0; i < anchors.size(); i++) {
      pairs.add(new TextPair(anchors.get(i), positives.get(i)));
    }
    return List.copyOf(pairs);
  }
}
