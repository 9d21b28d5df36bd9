package io.github.dnd4j.lora;

import io.github.dnd4j.DragAndDropException;
import io.github.dnd4j.InvalidInputException;
import io.github.dnd4j.ShapeMismatchException;
import io.github.dnd4j.internal.Checks;
import io.github.dnd4j.spi.AdapterFormat;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A LoRA adapter in memory: a pair of float32 matrices for every module that it changes, and its
 * configuration.
 *
 * <pre>{@code
 * try (LoraAdapter adapter = LoraAdapter.load(Path.of("my-adapter"))) {
 *   INDArray a = adapter.weights("model.layers.0.self_attn.q_proj").a(); // [rank, in]
 *   adapter.save(Path.of("copy"), WeightPrecision.F32);
 * }
 * }</pre>
 *
 * <p>An adapter owns its matrices: those that {@link #weights} returns live as long as it does,
 * must not be closed, and should not be changed. It may be read by several threads.
 *
 * <p>{@link LoraAlgebra} scales, adds, averages and shrinks adapters; {@link LoraGeometry} compares
 * them.
 */
public final class LoraAdapter implements AutoCloseable {

  private final LoraConfig config;
  private final List<LoraModule> modules;
  private final Map<String, LoraWeights> weights;
  private final Map<String, String> metadata;
  private volatile boolean closed;

  /**
   * Creates an adapter.
   *
   * @param config its configuration
   * @param weights its matrices by module path, in the order in which they are to be kept; FLOAT, A
   *     {@code [rank, in]} and B {@code [out, rank]}, with memory of their own, since ND4J cannot
   *     free views. The adapter owns them from now on
   * @param metadata free text that travels in the file, such as its provenance
   * @throws ShapeMismatchException if A and B of a module do not fit together, or their rank is not
   *     the one that the configuration gives the module
   */
  public LoraAdapter(
      LoraConfig config, Map<String, LoraWeights> weights, Map<String, String> metadata) {
    this.config = Checks.notNull(config, "config");
    this.weights =
        Collections.unmodifiableMap(new LinkedHashMap<>(Checks.notNull(weights, "weights")));
    this.metadata =
        Collections.unmodifiableMap(new TreeMap<>(Checks.notNull(metadata, "metadata")));
    if (this.weights.isEmpty()) {
      throw new InvalidInputException("an adapter needs the weights of at least one module");
    }
    List<LoraModule> found = new ArrayList<>();
    this.weights.forEach((path, pair) -> found.add(moduleOf(path, pair)));
    this.modules = List.copyOf(found);
    this.modules.forEach(this::checkRank);
  }

  /** Loaders size the matrices by the configuration, so it must not say otherwise. */
  private void checkRank(LoraModule module) {
    int expected = config.rankOf(module.path());
    if (module.rank() != expected) {
      throw new ShapeMismatchException(
          module.path()
              + " has matrices of rank "
              + module.rank()
              + ", but the configuration says "
              + expected
              + ": correct its rank, or list the module in its rankPattern");
    }
  }

  private static LoraModule moduleOf(String path, LoraWeights pair) {
    Checks.notNull(pair, "the weights of " + path);
    checkFloat(path + ".lora_A", pair.a());
    checkFloat(path + ".lora_B", pair.b());
    Checks.shape(pair.a(), path + ".lora_A", -1, -1);
    int rank = Math.toIntExact(pair.a().size(0));
    Checks.shape(pair.b(), path + ".lora_B", -1, rank);
    return new LoraModule(
        path, Math.toIntExact(pair.a().size(1)), Math.toIntExact(pair.b().size(0)), rank);
  }

  private static void checkFloat(String name, INDArray matrix) {
    if (Checks.notNull(matrix, name).dataType() != DataType.FLOAT) {
      throw new InvalidInputException(
          name + " must be of type FLOAT, but is " + matrix.dataType() + ": cast it first");
    }
  }

  /**
   * Reads an adapter from a file or directory, in whatever format it is.
   *
   * @param source for example a PEFT directory
   * @return the adapter; the caller closes it
   * @throws io.github.dnd4j.FileAccessException if it is missing or unreadable
   * @throws io.github.dnd4j.FileFormatException if its content is broken or of no known format
   */
  public static LoraAdapter load(Path source) {
    return AdapterFormat.recognizing(Checks.notNull(source, "source")).read(source);
  }

  /**
   * Writes this adapter in bfloat16, in the format that the destination's name asks for; without a
   * known file ending that is a PEFT directory.
   *
   * @param destination where to; it appears whole or not at all
   * @throws io.github.dnd4j.FileAccessException if it cannot be written
   */
  public void save(Path destination) {
    save(destination, WeightPrecision.BF16);
  }

  /**
   * Writes this adapter in a chosen precision, in the format that the destination's name asks for.
   *
   * @param destination where to; it appears whole or not at all
   * @param precision how its numbers are stored
   * @throws io.github.dnd4j.FileAccessException if it cannot be written
   */
  public void save(Path destination, WeightPrecision precision) {
    AdapterFormat.forDestination(Checks.notNull(destination, "destination"))
        .write(this, destination, Checks.notNull(precision, "precision"));
  }

  /**
   * What the adapter says of itself.
   *
   * @return its configuration
   */
  public LoraConfig config() {
    return config;
  }

  /**
   * The modules that it changes.
   *
   * @return their paths and shapes, in the order of its file or target
   */
  public List<LoraModule> modules() {
    return modules;
  }

  /**
   * The matrices of one module.
   *
   * @param path the module's path, one of {@link #modules()}
   * @return its A and B, owned by this adapter
   */
  public LoraWeights weights(String path) {
    if (closed) {
      throw new DragAndDropException("this adapter is closed: its matrices are gone");
    }
    LoraWeights pair = weights.get(path);
    if (pair == null) {
      throw new InvalidInputException(
          "the adapter has no module " + path + ": see modules() for those that it has");
    }
    return pair;
  }

  /**
   * Free text that travels with the adapter, among it the provenance of a generated one (see {@link
   * io.github.dnd4j.Provenance}).
   *
   * @return the entries, sorted by key
   */
  public Map<String, String> metadata() {
    return metadata;
  }

  /**
   * How many numbers the adapter holds.
   *
   * @return the sum over its modules of {@code rank * (in + out)}
   */
  public long parameterCount() {
    return modules.stream().mapToLong(LoraModule::parameterCount).sum();
  }

  /** Frees the native memory of the matrices. A second call does nothing. */
  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    weights.values().forEach(LoraWeights::close);
  }

  @Override
  public String toString() {
    return "LoraAdapter["
        + modules.size()
        + " modules, rank "
        + config.rank()
        + ", "
        + parameterCount()
        + " numbers, for "
        + config.baseModel()
        + "]";
  }
}
