package io.github.dnd4j.io;

import io.github.dnd4j.FileAccessException;
import io.github.dnd4j.FileFormatException;
import io.github.dnd4j.InvalidInputException;
import io.github.dnd4j.ShapeMismatchException;
import io.github.dnd4j.internal.Checks;
import java.io.EOFException;
import java.io.IOException;
import java.lang.ref.Reference;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import java.util.zip.ZipException;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Reads tensors out of whatever holds their bytes, in pieces. */
final class TensorReader {

  /** Where the bytes of a tensor come from. */
  @FunctionalInterface
  interface Opener {
    ByteSource open(TensorInfo info) throws IOException;
  }

  /** What floating-point tensors can be read into. */
  private static final Set<DataType> TARGETS =
      Set.of(DataType.FLOAT, DataType.FLOAT16, DataType.BFLOAT16);

  private final Path path;
  private final Map<String, TensorInfo> tensors;
  private final Opener opener;

  TensorReader(Path path, Map<String, TensorInfo> tensors, Opener opener) {
    this.path = path;
    this.tensors = tensors;
    this.opener = opener;
  }

  INDArray read(String name) {
    TensorInfo info = find(name);
    INDArray tensor = TensorMemory.allocate(info, place(info));
    try {
      fill(info, tensor);
      return tensor;
    } catch (RuntimeException | Error e) {
      tensor.close();
      throw e;
    }
  }

  void readInto(String name, INDArray target) {
    TensorInfo info = find(name);
    Checks.notNull(target, "target");
    if (!ElementCodec.converts(info.type())) {
      throw new InvalidInputException(
          place(info) + " holds " + info.type() + " elements, but floating-point ones are needed");
    }
    if (!Arrays.equals(target.shape(), info.dimensions())) {
      throw new ShapeMismatchException(
          place(info)
              + " has the shape "
              + info.shape()
              + ", but "
              + Arrays.toString(target.shape())
              + " is expected");
    }
    if (!accepts(target)) {
      throw new InvalidInputException(
          "the target of "
              + place(info)
              + " must be a FLOAT, FLOAT16 or BFLOAT16 tensor, contiguous in 'c' order, but is "
              + target.dataType()
              + " with the strides "
              + Arrays.toString(target.stride()));
    }
    fill(info, target);
  }

  private static boolean accepts(INDArray target) {
    return TARGETS.contains(target.dataType())
        && StridedSource.isContiguous(target.shape(), target.stride());
  }

  private TensorInfo find(String name) {
    TensorInfo info = tensors.get(Checks.notNull(name, "name"));
    if (info == null) {
      throw new InvalidInputException(
          path + " has no tensor '" + name + "': see tensors() for those that it has");
    }
    if (!info.type().isReadable()) {
      throw new FileFormatException(
          place(info)
              + " is of type "
              + info.type()
              + ", which cannot be read: convert it to F32, F16 or BF16");
    }
    return info;
  }

  private String place(TensorInfo info) {
    return path + ": tensor '" + info.name() + "'";
  }

  private void fill(TensorInfo info, INDArray target) {
    if (info.length() == 0) {
      return;
    }
    try (ByteSource source = opener.open(info)) {
      new TensorPieces(info, target).read(source);
    } catch (EOFException e) {
      throw new FileFormatException(
          place(info) + " is cut off: it should have " + info.bytes() + " bytes", e);
    } catch (ZipException e) {
      throw new FileFormatException(place(info) + " is corrupt: " + e.getMessage(), e);
    } catch (IOException e) {
      throw new FileAccessException(
          "cannot read " + place(info) + ": " + e + ". Check that the file is there and still open",
          e);
    } finally {
      // Its memory is written by address: it must not be collected before that is done.
      Reference.reachabilityFence(target);
    }
  }
}
