package io.github.dnd4j.encoder;

import ai.djl.huggingface.tokenizers.Encoding;
import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import com.fasterxml.jackson.databind.JsonNode;
import io.github.dnd4j.DragAndDropException;
import io.github.dnd4j.FileFormatException;
import io.github.dnd4j.InvalidInputException;
import io.github.dnd4j.internal.Workers;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.IntBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * A {@code tokenizer.json}, which makes token ids of texts. Special tokens are added; what the file
 * says of truncation and padding is not followed, because the length is the caller's to choose.
 */
final class TextTokenizer implements AutoCloseable {

  /** The system property with which DJL can be told to stay off the network. */
  private static final String DJL_OFFLINE = "ai.djl.offline";

  private static final Map<String, String> OPTIONS =
      Map.of("truncation", "false", "padding", "false", "addSpecialTokens", "true");

  /** What BERT and DistilBERT call it, and what all others do. */
  private static final List<String> PADDING = List.of("[PAD]", "<pad>");

  private final String where;
  private final HuggingFaceTokenizer tokenizer;
  private final int vocabSize;
  private final int padId;

  /** The special tokens before and after a text. */
  private final int[] prefix;

  private final int[] suffix;

  /**
   * Opens a tokenizer.
   *
   * @param json the file's content
   * @param where the file, for messages
   * @param vocabSize how many words the model knows
   */
  TextTokenizer(byte[] json, String where, int vocabSize) {
    this(json, where, vocabSize, padId(JsonFiles.object(json, where), where));
  }

  /**
   * Opens a tokenizer whose file need not name the padding token.
   *
   * @param json the file's content
   * @param where the file, for messages
   * @param vocabSize how many words the model knows
   * @param padId what texts are padded with
   */
  TextTokenizer(byte[] json, String where, int vocabSize, int padId) {
    this.where = where;
    this.vocabSize = vocabSize;
    this.padId = checked(padId);
    this.tokenizer = open(json, where);
    Encoding probe = tokenizer.encode("a", true, false);
    long[] special = probe.getSpecialTokenMask();
    int before = 0;
    while (before < special.length && special[before] == 1) {
      before++;
    }
    int after = special.length;
    while (after > before && special[after - 1] == 1) {
      after--;
    }
    prefix = checked(Arrays.copyOfRange(probe.getIds(), 0, before));
    suffix = checked(Arrays.copyOfRange(probe.getIds(), after, special.length));
  }

  /**
   * On every start DJL reports to its makers when it runs in a data centre of AWS, and it downloads
   * another native library when it finds a GPU. A text encoder must do neither, so DJL is told to
   * stay offline for the moment of opening, unless the application has its own say.
   */
  private static synchronized HuggingFaceTokenizer open(byte[] json, String where) {
    String before = System.getProperty(DJL_OFFLINE);
    if (before == null) {
      System.setProperty(DJL_OFFLINE, "true");
    }
    try {
      return HuggingFaceTokenizer.newInstance(new ByteArrayInputStream(json), OPTIONS);
    } catch (IOException | RuntimeException e) {
      throw new FileFormatException(where + " cannot be used as a tokenizer: " + e.getMessage(), e);
    } catch (LinkageError e) {
      throw new DragAndDropException(
          "the native tokenizer of ai.djl.huggingface:tokenizers does not run here. It supports"
              + " Linux and macOS on x86-64 or arm64 and Windows on x86-64",
          e);
    } finally {
      if (before == null) {
        System.clearProperty(DJL_OFFLINE);
      }
    }
  }

  private static int padId(JsonNode root, String where) {
    JsonNode fromPadding = root.path("padding").path("pad_id");
    if (fromPadding.isInt()) {
      return fromPadding.intValue();
    }
    for (JsonNode token : root.path("added_tokens")) {
      if (PADDING.contains(token.path("content").asText()) && token.path("id").isInt()) {
        return token.path("id").intValue();
      }
    }
    throw new FileFormatException(
        where
            + " names no padding token: neither padding.pad_id nor one of the added tokens "
            + PADDING);
  }

  private int[] checked(long[] ids) {
    int[] checked = new int[ids.length];
    for (int i = 0; i < ids.length; i++) {
      checked[i] = checked(ids[i]);
    }
    return checked;
  }

  private int checked(long id) {
    if (id < 0 || id >= vocabSize) {
      throw new FileFormatException(
          where
              + " has the token id "
              + id
              + ", but the model has only "
              + vocabSize
              + " word embeddings. Do tokenizer and model belong together?");
    }
    return (int) id;
  }

  /**
   * A text's ids, special tokens included.
   *
   * @param ids padded at the end to the length asked for
   * @param valid how many of them are no padding
   */
  record PaddedIds(IntBuffer ids, int valid) {

    /** The ids that are no padding. */
    int[] tokens() {
      int[] tokens = new int[valid];
      ids.get(0, tokens);
      return tokens;
    }
  }

  /** How many special tokens each text gets. */
  int specialTokens() {
    return prefix.length + suffix.length;
  }

  /**
   * Tokenizes a text.
   *
   * @param text the text; may be empty
   * @param length the ids to return: a longer text loses its end but not its special tokens
   */
  PaddedIds encode(String text, int length) {
    int room = length - prefix.length - suffix.length;
    if (room < 0) {
      throw new InvalidInputException(
          "textLength must be at least "
              + (prefix.length + suffix.length)
              + " to hold the special tokens, but is "
              + length);
    }
    int[] words = checked(tokenizer.encode(wellFormed(text), false, false).getIds());
    int kept = Math.min(words.length, room);
    int[] ids = new int[length];
    System.arraycopy(prefix, 0, ids, 0, prefix.length);
    System.arraycopy(words, 0, ids, prefix.length, kept);
    System.arraycopy(suffix, 0, ids, prefix.length + kept, suffix.length);
    int valid = prefix.length + kept + suffix.length;
    Arrays.fill(ids, valid, length, padId);
    return new PaddedIds(IntBuffer.wrap(ids), valid);
  }

  /**
   * Tokenizes texts, on all cores: a long one takes most of a millisecond.
   *
   * @param texts the texts
   * @param length the ids to return of each: see {@link #encode}
   */
  List<PaddedIds> encodeAll(List<String> texts, int length) {
    PaddedIds[] padded = new PaddedIds[texts.size()];
    new Workers(Workers.preferredThreads())
        .run(padded.length, (index, worker) -> padded[index] = encode(texts.get(index), length));
    return List.of(padded);
  }

  /** Half surrogate pairs, which the native tokenizer cannot take, become question marks. */
  private static String wellFormed(String text) {
    return new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8);
  }

  @Override
  public void close() {
    tokenizer.close();
  }
}
