package io.github.dnd4j.decoder;

import io.github.dnd4j.InvalidInputException;
import io.github.dnd4j.internal.NativeMemory;
import io.github.dnd4j.io.TensorFile;
import io.github.dnd4j.io.TensorInfo;
import io.github.dnd4j.lora.WeightPrecision;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The parameters of a decoder that is not trained: the weights of its convolutions, which are
 * nearly all of them, in 16 bits, the others in float32.
 */
final class FrozenParameters implements AutoCloseable {

  private final Map<String, INDArray> byFileName = new LinkedHashMap<>();

  private FrozenParameters() {}

  /**
   * Reads them.
   *
   * @param file a file that was checked against the structure
   * @param layers the decoder's layers
   * @param rounding what weights of convolutions that have more bits become, if they may
   * @throws InvalidInputException if they have more bits, and may not be rounded
   */
  static FrozenParameters read(
      TensorFile file, List<DecoderLayer> layers, Optional<WeightPrecision> rounding) {
    Map<String, DataType> types = types(file, layers, rounding);
    requireMemory(file, types);
    FrozenParameters parameters = new FrozenParameters();
    try {
      types.forEach((name, type) -> parameters.read(file, name, type));
      return parameters;
    } catch (RuntimeException | Error e) {
      parameters.close();
      throw e;
    }
  }

  private static Map<String, DataType> types(
      TensorFile file, List<DecoderLayer> layers, Optional<WeightPrecision> rounding) {
    Map<String, DataType> types = new LinkedHashMap<>();
    for (DecoderLayer layer : layers) {
      for (ParameterSpec spec : layer.parameters()) {
        String name = DecoderGraph.fileName(layer, spec);
        types.put(name, spec.isKernels() ? kernelType(file, name, rounding) : DataType.FLOAT);
      }
    }
    return types;
  }

  private static DataType kernelType(
      TensorFile file, String name, Optional<WeightPrecision> rounding) {
    TensorInfo info = file.tensors().get(name);
    return switch (info.type()) {
      case F16 -> DataType.FLOAT16;
      case BF16 -> DataType.BFLOAT16;
      default ->
          rounding
              .map(to -> to == WeightPrecision.F16 ? DataType.FLOAT16 : DataType.BFLOAT16)
              .orElseThrow(() -> moreBits(file, info));
    };
  }

  private static InvalidInputException moreBits(TensorFile file, TensorInfo info) {
    return new InvalidInputException(
        file.path()
            + ": tensor "
            + info.name()
            + " is of type "
            + info.type()
            + ", but this decoder keeps 16 bits of a weight: say what to round them to, "
            + WeightPrecision.BF16
            + " or "
            + WeightPrecision.F16
            + ", or load the file as a HyperConvDecoder, which keeps float32; a generator is made"
            + " one of 16 bits by DragAndDrop.save(directory, WeightPrecision.BF16)");
  }

  private static void requireMemory(TensorFile file, Map<String, DataType> types) {
    long bytes = 0;
    for (Map.Entry<String, DataType> entry : types.entrySet()) {
      bytes += file.tensors().get(entry.getKey()).length() * entry.getValue().width();
    }
    NativeMemory.require(bytes, "the decoder of " + file.path() + ", in 16 bits,");
  }

  private void read(TensorFile file, String name, DataType type) {
    long[] shape = file.tensors().get(name).dimensions();
    try (var outside = Nd4j.getWorkspaceManager().scopeOutOfWorkspaces()) {
      INDArray array = Nd4j.createUninitialized(type, shape, 'c');
      byFileName.put(name, array);
      file.readInto(name, array);
    }
  }

  /** All of them by their names in a checkpoint. */
  Map<String, INDArray> byFileName() {
    return byFileName;
  }

  /** A layer's by their names in DL4J's tables. */
  Map<String, INDArray> of(DecoderLayer layer) {
    Map<String, INDArray> parameters = new LinkedHashMap<>();
    for (ParameterSpec spec : layer.parameters()) {
      parameters.put(spec.name(), byFileName.get(DecoderGraph.fileName(layer, spec)));
    }
    return parameters;
  }

  @Override
  public void close() {
    byFileName.values().forEach(INDArray::close);
  }
}
