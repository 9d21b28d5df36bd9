package io.github.dnd4j.decoder;

import io.github.dnd4j.FileFormatException;
import io.github.dnd4j.io.TensorFile;
import io.github.dnd4j.io.TensorInfo;
import java.util.List;
import java.util.Map;

/** Checks a file of weights against a decoder's structure before any memory is taken. */
final class DecoderFile {

  /** Entries of the reference implementation's checkpoints that are no part of the decoder. */
  private static final String CRITERION_WEIGHT = "criterion_weight";

  private static final String CONDITION_MODULE = "condition_module.";

  private DecoderFile() {}

  static void check(TensorFile file, HyperConvConfig config) {
    Map<String, List<Long>> expected = DecoderGraph.shapesByFileName(config);
    expected.forEach((name, shape) -> checkTensor(file, name, shape));
    for (String name : file.tensors().keySet()) {
      if (!expected.containsKey(name)
          && !name.equals(CRITERION_WEIGHT)
          && !name.startsWith(CONDITION_MODULE)) {
        throw new FileFormatException(
            file.path()
                + " holds the tensor "
                + name
                + ", which a decoder of "
                + config
                + " does not have: check the preset or features");
      }
    }
  }

  private static void checkTensor(TensorFile file, String name, List<Long> shape) {
    TensorInfo info = file.tensors().get(name);
    if (info == null) {
      throw new FileFormatException(
          file.path() + " lacks the decoder's tensor " + name + ": check the preset or features");
    }
    if (!info.type().isFloating() || !info.type().isReadable()) {
      throw new FileFormatException(
          file.path()
              + ": tensor "
              + name
              + " is of type "
              + info.type()
              + ", but a decoder's weights are F64, F32, F16 or BF16: convert the file");
    }
    if (!info.shape().equals(shape)) {
      throw new FileFormatException(
          file.path()
              + ": tensor "
              + name
              + " has the shape "
              + info.shape()
              + ", but the decoder needs "
              + shape
              + ": check the preset or features and kernel");
    }
  }
}
