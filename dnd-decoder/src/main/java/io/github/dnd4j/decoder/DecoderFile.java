package io.github.dnd4j.decoder;

import io.github.dnd4j.FileFormatException;
import io.github.dnd4j.internal.Checks;
import io.github.dnd4j.io.SafetensorsWriter;
import io.github.dnd4j.io.TensorFile;
import io.github.dnd4j.io.TensorInfo;
import io.github.dnd4j.io.TensorType;
import io.github.dnd4j.lora.WeightPrecision;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.nd4j.linalg.api.ndarray.INDArray;

/** A decoder's weights in a file. */
final class DecoderFile {

  /** Entries of the reference implementation's checkpoints that are no part of the decoder. */
  private static final String CRITERION_WEIGHT = "criterion_weight";

  private static final String CONDITION_MODULE = "condition_module.";

  private DecoderFile() {}

  /** Checks a file against a decoder's structure, before any memory is taken. */
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

  /** Writes parameters, all of them in one precision. */
  static void write(
      Path file,
      Map<String, INDArray> parameters,
      WeightPrecision precision,
      HyperConvConfig config) {
    SafetensorsWriter.write(
        Checks.notNull(file, "file"), parameters, TensorType.of(precision), metadata(config));
  }

  /** Writes parameters, each in the type that it has in memory. */
  static void write(Path file, Map<String, INDArray> parameters, HyperConvConfig config) {
    SafetensorsWriter writer = new SafetensorsWriter();
    parameters.forEach(
        (name, array) -> writer.add(name, array, TensorType.of(array.dataType()).orElseThrow()));
    writer.metadata(metadata(config)).write(file);
  }

  private static Map<String, String> metadata(HyperConvConfig config) {
    Map<String, String> metadata = new TreeMap<>(config.toSpec().properties());
    metadata.put("format", "pt");
    return metadata;
  }
}
