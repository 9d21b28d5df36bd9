package io.github.dnd4j.examples.bench;

import ai.djl.huggingface.tokenizers.Encoding;
import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import io.github.dnd4j.FileAccessException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.LongBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.StringJoiner;
import java.util.function.IntFunction;
import java.util.stream.IntStream;

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

  /**
   * Makes texts without padding: prompts, joined until their tokens are as many as there is room
   * for. Each begins with its number and with another prompt, so that no two are the same.
   *
   * @param prompts gives prompts, of which all after the first few have a token at least
   * @param count how many texts
   * @param length how many tokens a text is to fill, the special ones included
   */
  static List<String> fill(IntFunction<String> prompts, int count, int length) {
    try (HuggingFaceTokenizer tokenizer = open(Map.of("truncation", "false", "padding", "false"))) {
      return IntStream.range(0, count)
          .mapToObj(text -> join(tokenizer, prompts, text, length))
          .toList();
    }
  }

  private static String join(
      HuggingFaceTokenizer tokenizer, IntFunction<String> prompts, int text, int length) {
    StringJoiner joined = new StringJoiner(" ").add(Integer.toString(text + 1));
    int tokens = 0;
    for (int next = text; tokens < length; next++) {
      String prompt = prompts.apply(next);
      joined.add(prompt);
      tokens += tokenizer.encode(prompt, false, false).getIds().length;
    }
    return joined.toString();
  }

  /** Whether there is no padding at all. */
  boolean full() {
    return windows.stream().allMatch(window -> window.valid() == length);
  }

  /** For people: how much of the windows is padding. */
  String summary() {
    double mean = windows.stream().mapToInt(Window::valid).average().orElse(0);
    String text =
        full()
            ? "none of them padding"
            : String.format(Locale.ROOT, "%.1f of them no padding", mean);
    return "windows of " + length + " tokens, " + text;
  }

  /** Writes a line of ids for each window, without the padding, which other programs read. */
  void write(Path file) throws IOException {
    StringBuilder lines = new StringBuilder();
    for (Window window : windows) {
      StringJoiner line = new StringJoiner(" ", "", "\n");
      IntStream.range(0, window.valid()).forEach(i -> line.add(Long.toString(window.ids().get(i))));
      lines.append(line);
    }
    Files.writeString(file, lines);
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
    try (HuggingFaceTokenizer tokenizer = open(options)) {
      return tokenizer.batchEncode(prompts);
    }
  }

  private static HuggingFaceTokenizer open(Map<String, String> options) {
    try (InputStream json = PromptTokens.class.getClassLoader().getResourceAsStream(TOKENIZER)) {
      return HuggingFaceTokenizer.newInstance(json, options);
    } catch (IOException e) {
      throw new FileAccessException("cannot read " + TOKENIZER + " from the class path: " + e, e);
    }
  }
}
