package io.github.dnd4j.io;

import io.github.dnd4j.FileAccessException;
import io.github.dnd4j.internal.Checks;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A file of named tensors, open for reading. Opening reads the list of tensors only; their elements
 * are read one tensor at a time.
 *
 * <pre>{@code
 * try (TensorFile file = TensorFile.open(Path.of("decoder.safetensors"))) {
 *   for (TensorInfo info : file.tensors().values()) {
 *     try (INDArray tensor = file.read(info.name())) {
 *       ...
 *     }
 *   }
 * }
 * }</pre>
 *
 * <p>An open file may be read by several threads at once.
 */
public interface TensorFile extends AutoCloseable {

  /**
   * Where the file is.
   *
   * @return its path, as it was given
   */
  Path path();

  /**
   * What the file holds.
   *
   * @return its tensors by name, in the order of the file
   */
  Map<String, TensorInfo> tensors();

  /**
   * The free text that the file carries beside its tensors.
   *
   * @return the entries, sorted by key
   */
  Map<String, String> metadata();

  /**
   * Reads a tensor.
   *
   * @param name its name, one of {@link #tensors()}
   * @return a new tensor in 'c' order and in no workspace, of type {@link TensorType#arrayType()};
   *     the caller closes it
   * @throws io.github.dnd4j.InvalidInputException if the file has no such tensor
   * @throws io.github.dnd4j.FileFormatException if its type cannot be read or the file ends early
   * @throws FileAccessException if reading fails
   * @throws io.github.dnd4j.NativeMemoryException if there is no memory for it
   */
  INDArray read(String name);

  /**
   * Reads a floating-point tensor into memory that is already there, for example a view into one
   * large parameter array, without a second copy of it. Numbers are rounded to the nearest, ties to
   * even, where the target's type has fewer bits. All cores read large tensors, unless the file is
   * a PyTorch checkpoint, which can only be read from start to end.
   *
   * @param name its name, one of {@link #tensors()}, of type F64, F32, F16 or BF16
   * @param target a tensor or view of exactly the tensor's shape, contiguous in 'c' order: FLOAT,
   *     or FLOAT16 or BFLOAT16
   * @throws io.github.dnd4j.InvalidInputException if the file has no such tensor or it is none of
   *     floating-point numbers, or if the target is of another type or not contiguous
   * @throws io.github.dnd4j.ShapeMismatchException if the target has another shape
   * @throws io.github.dnd4j.FileFormatException if the file ends early; the target's content is
   *     undefined then
   * @throws FileAccessException if reading fails; likewise
   */
  void readInto(String name, INDArray target);

  /** Closes the file. Tensors that were read stay. A second call does nothing. */
  @Override
  void close();

  /**
   * Opens a file of tensors, of whichever kind its first bytes say.
   *
   * @param path a safetensors file, a PyTorch checkpoint or a GGUF file
   * @return the open file; the caller closes it
   * @throws FileAccessException if it is missing or unreadable
   * @throws io.github.dnd4j.FileFormatException if its content is broken
   */
  static TensorFile open(Path path) {
    return open(path, ReadLimits.defaults());
  }

  /**
   * Opens a file of tensors, of whichever kind its first bytes say, with limits of one's own.
   *
   * @param path a safetensors file, a PyTorch checkpoint or a GGUF file
   * @param limits how much the file may ask for
   * @return the open file; the caller closes it
   * @throws FileAccessException if it is missing or unreadable
   * @throws io.github.dnd4j.FileFormatException if its content is broken or beyond the limits
   */
  static TensorFile open(Path path, ReadLimits limits) {
    Checks.notNull(path, "path");
    Checks.notNull(limits, "limits");
    try {
      byte[] start = PyTorchFile.startOf(path);
      if (GgufFile.recognizes(start)) {
        return GgufFile.open(path, limits);
      }
      return PyTorchFile.recognizes(start)
          ? PyTorchFile.open(path, limits)
          : SafetensorsFile.open(path, limits);
    } catch (IOException e) {
      throw new FileAccessException(
          "cannot read " + path + ": " + e + ". Check that the file exists and may be read", e);
    }
  }
}
