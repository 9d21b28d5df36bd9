package io.github.dnd4j.encoder;

import java.util.List;
import java.util.OptionalInt;

/** Token ids of several texts, or windows of them, one after the other. */
final class TokenBatch {

  private final int[] ids;
  private final int[] starts;

  private TokenBatch(int[] ids, int[] starts) {
    this.ids = ids;
    this.starts = starts;
  }

  /** A batch of texts, each given by its ids, special tokens included. */
  static TokenBatch of(List<int[]> texts) {
    int[] starts = new int[texts.size() + 1];
    for (int i = 0; i < texts.size(); i++) {
      starts[i + 1] = starts[i] + texts.get(i).length;
    }
    int[] ids = new int[starts[texts.size()]];
    for (int i = 0; i < texts.size(); i++) {
      System.arraycopy(texts.get(i), 0, ids, starts[i], texts.get(i).length);
    }
    return new TokenBatch(ids, starts);
  }

  /** All ids. */
  int[] ids() {
    return ids;
  }

  /** Where each text begins, and at the end how many ids there are. */
  int[] starts() {
    return starts;
  }

  int texts() {
    return starts.length - 1;
  }

  /** Tokens of all texts. */
  int rows() {
    return ids.length;
  }

  int length(int text) {
    return starts[text + 1] - starts[text];
  }

  /**
   * For each token its row of the position embedding. As a rule that is its place in its text. Of
   * RoBERTa's kind of models padding has the position that is its id, and all else is counted from
   * the one after that, leaving out what is padding, were it in the middle of a text.
   *
   * @param paddingId the id of padding that is not counted, if there is any
   */
  int[] positions(OptionalInt paddingId) {
    int padding = paddingId.orElse(-1);
    int[] positions = new int[rows()];
    for (int text = 0; text < texts(); text++) {
      int next = padding + 1;
      for (int i = starts[text]; i < starts[text + 1]; i++) {
        positions[i] = ids[i] == padding ? padding : next++;
      }
    }
    return positions;
  }

  /** For each text where its squared lengths begin, and at the end their sum. */
  int[] squareStarts() {
    int[] squares = new int[starts.length];
    for (int text = 0; text < texts(); text++) {
      squares[text + 1] =
          Math.addExact(squares[text], Math.multiplyExact(length(text), length(text)));
    }
    return squares;
  }
}
