package io.github.dnd4j.training;

import io.github.dnd4j.FileAccessException;
import io.github.dnd4j.FileFormatException;
import io.github.dnd4j.decoder.HyperConvDecoder;
import io.github.dnd4j.internal.AtomicFiles;
import io.github.dnd4j.io.SafetensorsWriter;
import io.github.dnd4j.io.TensorFile;
import io.github.dnd4j.io.TensorType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The folder in which a training run keeps what it needs to go on after a stop:
 *
 * <pre>
 * criterion.safetensors                the weights of the loss
 * conditions/                          encoded prompts
 * checkpoints/step-0000100/            decoder.safetensors and optimizer.safetensors
 * best.safetensors                     the decoder of the lowest loss so far
 * </pre>
 */
final class RunDirectory {

  private static final String DECODER = "decoder.safetensors";
  private static final String OPTIMIZER = "optimizer.safetensors";
  private static final Pattern NAME = Pattern.compile("step-(\\d{7,9})");

  private final Path root;

  RunDirectory(Path root) {
    this.root = root;
  }

  /** A checkpoint of the run: its weights and moments after a number of steps. */
  record Checkpoint(int step, Path directory) {

    /** What {@link #save} was told. */
    Map<String, String> state() {
      try (TensorFile file = TensorFile.open(directory.resolve(OPTIMIZER))) {
        return file.metadata();
      }
    }

    /** Reads weights and moments into memory that is there. */
    void restore(HyperConvDecoder decoder, Map<String, INDArray> moments) {
      decoder.replaceWeights(directory.resolve(DECODER));
      try (TensorFile file = TensorFile.open(directory.resolve(OPTIMIZER))) {
        moments.forEach(file::readInto);
      }
    }
  }

  Path criterion() {
    return root.resolve("criterion.safetensors");
  }

  Path conditions() {
    return root.resolve("conditions");
  }

  Path best() {
    return root.resolve("best.safetensors");
  }

  private Path checkpoints() {
    return root.resolve("checkpoints");
  }

  /** The newest checkpoint, if there is one. */
  Optional<Checkpoint> latest() {
    return all().stream().max(Comparator.comparingInt(Checkpoint::step));
  }

  /** A directory appears when it is complete, so whatever has the name of a checkpoint is one. */
  private List<Checkpoint> all() {
    if (!Files.isDirectory(checkpoints())) {
      return List.of();
    }
    try (Stream<Path> entries = Files.list(checkpoints())) {
      return entries.flatMap(entry -> checkpoint(entry).stream()).toList();
    } catch (IOException e) {
      throw new FileAccessException("cannot read the folder " + checkpoints() + ": " + e, e);
    }
  }

  private static Optional<Checkpoint> checkpoint(Path directory) {
    Matcher matcher = NAME.matcher(String.valueOf(directory.getFileName()));
    return matcher.matches() && Files.exists(directory.resolve(OPTIMIZER))
        ? Optional.of(new Checkpoint(Integer.parseInt(matcher.group(1)), directory))
        : Optional.empty();
  }

  /**
   * Writes a checkpoint.
   *
   * @param step after how many steps
   * @param moments the optimizer's state
   * @param state what else the run has to remember
   * @return where it lies
   */
  Path save(
      int step,
      HyperConvDecoder decoder,
      Map<String, INDArray> moments,
      Map<String, String> state) {
    Path directory = checkpoints().resolve(String.format(Locale.ROOT, "step-%07d", step));
    if (Files.exists(directory)) {
      delete(directory); // of a run that was resumed from an earlier checkpoint
    }
    AtomicFiles.writeDirectory(
        directory,
        temporary -> {
          decoder.save(temporary.resolve(DECODER));
          SafetensorsWriter.write(
              temporary.resolve(OPTIMIZER), new TreeMap<>(moments), TensorType.F32, state);
        });
    return directory;
  }

  /** Deletes all but the newest checkpoints, and what a killed run left half written. */
  void prune(int keep) {
    all().stream()
        .sorted(Comparator.comparingInt(Checkpoint::step).reversed())
        .skip(keep)
        .forEach(checkpoint -> delete(checkpoint.directory()));
  }

  /** Deletes what a killed run left half written. */
  void removeLeftovers() {
    AtomicFiles.deleteLeftovers(checkpoints());
    AtomicFiles.deleteLeftovers(root);
  }

  private static void delete(Path directory) {
    AtomicFiles.delete(directory);
  }

  /** A number that a checkpoint remembers. */
  static double number(Map<String, String> state, String key, Path where) {
    try {
      return Double.parseDouble(state.get(key));
    } catch (NumberFormatException | NullPointerException e) {
      throw new FileFormatException(
          where + " says nothing sensible of '" + key + "': " + state.get(key), e);
    }
  }
}
