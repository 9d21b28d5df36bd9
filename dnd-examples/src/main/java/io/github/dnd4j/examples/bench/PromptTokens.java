package io.github.dnd4j.examples.bench;

import ai.djl.huggingface.tokenizers.Encoding;
import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import io.github.dnd4j.FileAccessException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.LongBuffer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Prompts as all-MiniLM-L6-v2's own tokenizer cuts them: the windows that an encoder has to do,
 * those that are repeated only once.
 *
 * @param length tokens of a window, padding included
 * @param windows the distinct windows
 */
record PromptTokens(int length, List<Window> windows) {

  private static final String TOKENIZER = "all-minilm-l6-v2-tokenizer.json";

  /** The longest window that the model takes. */
  static final int LONGEST_WINDOW = 512;

  /**
   * A window.
   *
   * @param ids its tokens
   * @param valid how many of them are no padding
   */
  record Window(LongBuffer ids, int valid) {}

  PromptTokens {
    windows = List.copyOf(windows);
  }

  /** Cuts and pads prompts to a text length, in windows if it is longer than the model's. */
  static PromptTokens of(List<String> prompts, int textLength) {
    int length = Math.min(textLength, LONGEST_WINDOW);
    List<Window> windows = new ArrayList<>();
    Set<LongBuffer> known = new HashSet<>();
    for (Encoding encoding : tokenize(prompts, textLength)) {
      for (int from = 0; from < textLength; from += length) {
        LongBuffer ids = LongBuffer.wrap(encoding.getIds()).slice(from, length);
        if (known.add(ids)) {
          windows.add(new Window(ids, valid(encoding.getAttentionMask(), from, length)));
        }
      }
    }
    return new PromptTokens(length, windows);
  }

  private static int valid(long[] mask, int from, int length) {
    int valid = 0;
    for (int i = from; i < from + length; i++) {
      valid += (int) mask[i];
    }
    return valid;
  }

  private static Encoding[] tokenize(List<String> prompts, int textLength) {
    String length = Integer.toString(textLength);
    Map<String, String> options =
        Map.of(
            "truncation",
            "true",
            "padding",
            "max_length",
            "maxLength",
            length,
            "modelMaxLength",
            length);
    try (InputStream json = PromptTokens.class.getClassLoader().getResourceAsStream(TOKENIZER);
        HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.newInstance(json, options)) {
      return tokenizer.batchEncode(prompts);
    } catch (IOException e) {
      throw new FileAccessException("cannot read " + TOKENIZER + " from the class path: " + e, e);
    }
  }
}
