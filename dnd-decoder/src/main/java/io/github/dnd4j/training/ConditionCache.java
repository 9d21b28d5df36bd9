package io.github.dnd4j.training;

import io.github.dnd4j.DragAndDropException;
import io.github.dnd4j.InvalidInputException;
import io.github.dnd4j.internal.Checks;
import io.github.dnd4j.internal.Hashes;
import io.github.dnd4j.internal.HostFloats;
import io.github.dnd4j.spi.ComponentSpec;
import io.github.dnd4j.spi.ProgressListener;
import io.github.dnd4j.spi.PromptEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The conditions of texts, for one encoder and one text length. The encoder is frozen and training
 * meets the same texts again and again, so each is encoded once, when it is first asked for; and
 * alone, so that its numbers do not depend on what else is in a batch.
 *
 * <p>Conditions stay in memory, on the Java heap, up to a budget. With a directory all of them are
 * also in a file there, {@code conditions-<hash of encoder and length>.bin}, which the next run
 * finds; only one process at a time can have it open. Without one, those beyond the budget go to a
 * temporary file, which is made when it is needed and deleted at the end. A file holds a condition
 * as {@code 4 * L * C} bytes. Damaged records are noticed by their checksum and encoded again.
 *
 * <pre>{@code
 * try (ConditionCache cache = ConditionCache.open(encoder, 32, 1L << 30, Path.of("cache"))) {
 *   cache.prepare(texts, (done, total) -> log.info("encoded {} of {}", done, total));
 * }
 * }</pre>
 *
 * <p>Safe for use by several threads, which wait for each other. Interrupting one does not harm the
 * file.
 */
public final class ConditionCache implements AutoCloseable {

  private final PromptEncoder encoder;
  private final int textLength;
  private final int dimension;
  private final int size;
  private final long memoryBudgetBytes;
  private final String identity;
  private final Map<String, float[]> memory = new HashMap<>();

  /** Whether the file outlives this cache and holds all conditions. */
  private final boolean lasting;

  /** Null as long as a temporary one is not needed. */
  private ConditionFile file;

  private long memoryBytes;
  private long encoded;
  private boolean closed;

  private ConditionCache(
      PromptEncoder encoder, int textLength, long memoryBudgetBytes, boolean lasting) {
    this.encoder = encoder;
    this.textLength = textLength;
    this.dimension = encoder.dimension();
    this.memoryBudgetBytes = memoryBudgetBytes;
    this.lasting = lasting;
    long values = (long) textLength * dimension;
    if (values > Integer.MAX_VALUE / 8) {
      throw new InvalidInputException(
          "a text of " + textLength + " tokens and " + dimension + " features is too large");
    }
    this.size = (int) values;
    this.identity = identity(encoder.spec(), textLength, dimension);
  }

  /**
   * Opens a cache.
   *
   * @param encoder makes the conditions; it stays the caller's and must live longer than the cache
   * @param textLength L, the tokens per text
   * @param memoryBudgetBytes how much of the Java heap conditions may take; 0 keeps none in memory
   * @param directoryOrNull where conditions are kept for the next run, made if it is missing; null
   *     keeps them for this run only
   * @return the cache; the caller closes it
   * @throws io.github.dnd4j.FileAccessException if the file cannot be used, or another process or
   *     cache has it open
   * @throws io.github.dnd4j.FileFormatException if there is another kind of file of its name
   */
  public static ConditionCache open(
      PromptEncoder encoder, int textLength, long memoryBudgetBytes, Path directoryOrNull) {
    Checks.notNull(encoder, "encoder");
    Checks.positive(textLength, "textLength");
    if (memoryBudgetBytes < 0) {
      throw new InvalidInputException(
          "memoryBudgetBytes must not be negative, but is " + memoryBudgetBytes);
    }
    ConditionCache cache =
        new ConditionCache(encoder, textLength, memoryBudgetBytes, directoryOrNull != null);
    if (directoryOrNull != null) {
      String name = "conditions-" + cache.identity.substring(0, 16) + ".bin";
      cache.file = ConditionFile.open(directoryOrNull.resolve(name), cache.identity, cache.size);
    }
    return cache;
  }

  private static String identity(ComponentSpec spec, int textLength, int dimension) {
    List<String> parts = new ArrayList<>(List.of(spec.type()));
    spec.properties().forEach((name, value) -> parts.addAll(List.of(name, value)));
    parts.addAll(List.of(Integer.toString(textLength), Integer.toString(dimension)));
    return Hashes.sha256(parts);
  }

  /**
   * The tokens per text.
   *
   * @return L
   */
  public int textLength() {
    return textLength;
  }

  /**
   * The width of a token's hidden state.
   *
   * @return C
   */
  public int dimension() {
    return dimension;
  }

  /**
   * How many texts this cache had the encoder encode, and did not have already.
   *
   * @return the number of calls of the encoder
   */
  public synchronized long encoded() {
    return encoded;
  }

  /**
   * Reads a text's condition; encodes it if there is none yet.
   *
   * @param text the text
   * @param target where to; {@code L * C} numbers in 'c' order
   * @param offset first place to fill
   */
  public synchronized void read(String text, float[] target, int offset) {
    checkOpen();
    Checks.notNull(text, "text");
    Objects.checkFromIndexSize(offset, size, Checks.notNull(target, "target").length);
    float[] kept = memory.get(text);
    if (kept != null) {
      System.arraycopy(kept, 0, target, offset, size);
      return;
    }
    String key = key(text);
    if (file != null && file.read(key, target, offset)) {
      keep(text, target, offset);
    } else {
      encode(text, key, target, offset);
    }
  }

  /**
   * Encodes all texts that there are no conditions of yet, so that training need not wait for them.
   * What is encoded is kept when this ends early, by an exception of the listener for example.
   *
   * @param texts the texts; each counts once
   * @param progress hears how many of those that were missing are done
   */
  public void prepare(Collection<String> texts, ProgressListener progress) {
    Checks.notNull(progress, "progress");
    List<String> missing =
        new LinkedHashSet<>(Checks.notNull(texts, "texts"))
            .stream().filter(text -> !contains(text)).toList();
    float[] values = new float[size];
    int done = 0;
    for (String text : missing) {
      read(text, values, 0);
      progress.onProgress(++done, missing.size());
    }
  }

  private synchronized boolean contains(String text) {
    checkOpen();
    return memory.containsKey(Checks.notNull(text, "text"))
        || (file != null && file.contains(key(text)));
  }

  private void encode(String text, String key, float[] target, int offset) {
    encoded++;
    try (INDArray condition = encoder.encode(List.of(text), textLength, ProgressListener.NONE)) {
      Checks.shape(condition, "the condition of a text", 1, textLength, dimension);
      HostFloats.of(condition).read(0, target, offset, size);
    }
    boolean kept = keep(text, target, offset);
    if (file == null && !kept) {
      file = ConditionFile.temporary(identity, size);
    }
    if (lasting || !kept) {
      file.append(key, target, offset);
    }
  }

  /** Those that came first stay: where all are equally probable, no other choice is better. */
  private boolean keep(String text, float[] values, int offset) {
    long bytes = (long) size * Float.BYTES;
    if (memoryBytes + bytes > memoryBudgetBytes) {
      return false;
    }
    float[] copy = new float[size];
    System.arraycopy(values, offset, copy, 0, size);
    memory.put(text, copy);
    memoryBytes += bytes;
    return true;
  }

  private static String key(String text) {
    MessageDigest digest = Hashes.sha256();
    digest.update(text.getBytes(StandardCharsets.UTF_8));
    return Hashes.hex(digest);
  }

  private void checkOpen() {
    if (closed) {
      throw new DragAndDropException("this cache of conditions is closed");
    }
  }

  /** Closes the file. The encoder stays open. A second call does nothing. */
  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    closed = true;
    memory.clear();
    if (file != null) {
      file.close();
    }
  }
}
