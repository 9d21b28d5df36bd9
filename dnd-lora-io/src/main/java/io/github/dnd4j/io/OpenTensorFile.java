package io.github.dnd4j.io;

import io.github.dnd4j.FileAccessException;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.slf4j.LoggerFactory;

/** What open files of tensors have in common, whatever their format. */
abstract class OpenTensorFile implements TensorFile {

  private final Path path;
  private final Closeable resource;
  private final Map<String, TensorInfo> tensors;
  private final TensorReader reader;

  /**
   * Takes over an open file.
   *
   * @param path where it is
   * @param resource what is closed with it
   * @param tensors what it holds, in the order of the file; may still grow while it is opened
   */
  OpenTensorFile(Path path, Closeable resource, Map<String, TensorInfo> tensors) {
    this.path = path;
    this.resource = resource;
    this.tensors = Collections.unmodifiableMap(tensors);
    this.reader = new TensorReader(path, tensors, this::source);
  }

  /** Where the bytes of a tensor come from. */
  abstract ByteSource source(TensorInfo info) throws IOException;

  @Override
  public final Path path() {
    return path;
  }

  @Override
  public final Map<String, TensorInfo> tensors() {
    return tensors;
  }

  @Override
  public final INDArray read(String name) {
    return reader.read(name);
  }

  @Override
  public final void readInto(String name, INDArray target) {
    reader.readInto(name, target);
  }

  @Override
  public final void close() {
    try {
      resource.close();
    } catch (IOException e) {
      throw new FileAccessException("cannot close " + path + ": " + e, e);
    }
  }

  @Override
  public final String toString() {
    return path + " (" + tensors.size() + " tensors)";
  }

  /** Closes what could not become an open file. */
  static void closeQuietly(Closeable resource) {
    if (resource != null) {
      try {
        resource.close();
      } catch (IOException e) {
        // The error on its way says more than this one.
        LoggerFactory.getLogger(TensorFile.class).debug("closing failed", e);
      }
    }
  }
}
