package io.github.dnd4j.encoder;

import io.github.dnd4j.FileFormatException;
import io.github.dnd4j.internal.HostFloats;
import java.io.IOException;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import onnx.Onnx.GraphProto;
import onnx.Onnx.ModelProto;
import onnx.Onnx.NodeProto;
import onnx.Onnx.TensorProto;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.shade.protobuf.CodedInputStream;
import org.nd4j.shade.protobuf.UnsafeByteOperations;

/**
 * The weights inside a BERT that PyTorch exported to ONNX. Biases, LayerNorms and embeddings are
 * initializers under their own names. A dense layer's weight is an initializer {@code [in, out]} of
 * an invented name; the MatMul node that uses it tells whose it is: {@code
 * /encoder/layer.0/output/dense/MatMul}.
 */
final class OnnxWeights implements WeightSource {

  private final String where;
  private final Map<String, TensorProto> initializers = new HashMap<>();
  private final Map<String, String> weightOfMatMul = new HashMap<>();

  /**
   * Reads a model.
   *
   * @param model its bytes; kept, not copied, until {@link #close()}
   * @param where the file, for messages
   */
  OnnxWeights(byte[] model, String where) {
    this.where = where;
    GraphProto graph = parse(model).getGraph();
    for (TensorProto tensor : graph.getInitializerList()) {
      initializers.put(tensor.getName(), tensor);
    }
    for (NodeProto node : graph.getNodeList()) {
      if (node.getOpType().equals("MatMul") && node.getInputCount() == 2) {
        weightOfMatMul.put(node.getName(), node.getInput(1));
      }
    }
  }

  private ModelProto parse(byte[] model) {
    try {
      // With aliasing the tensors point into the given bytes instead of copying all of them.
      CodedInputStream input = UnsafeByteOperations.unsafeWrap(model).newCodedInput();
      input.enableAliasing(true);
      return ModelProto.parseFrom(input);
    } catch (IOException e) {
      throw new FileFormatException(where + " is not a valid ONNX model: " + e.getMessage(), e);
    }
  }

  @Override
  public INDArray tensor(String name, long... shape) {
    return read(initializers.get(name), name, shape);
  }

  @Override
  public INDArray denseWeight(String layer, long in, long out) {
    String scope = layer.replace('.', '/').replace("layer/", "layer.");
    String weight = weightOfMatMul.get("/" + scope + "/MatMul");
    return read(initializers.get(weight), layer + ".weight", in, out);
  }

  private INDArray read(TensorProto tensor, String name, long... shape) {
    check(tensor, name, shape);
    FloatBuffer values =
        tensor.getRawData().asReadOnlyByteBuffer().order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer();
    INDArray array = HostFloats.uninitialized(shape);
    HostFloats floats = HostFloats.of(array);
    float[] chunk = new float[1 << 16];
    for (long done = 0; values.hasRemaining(); ) {
      int count = Math.min(chunk.length, values.remaining());
      values.get(chunk, 0, count);
      floats.write(done, chunk, 0, count);
      done += count;
    }
    return array;
  }

  private void check(TensorProto tensor, String name, long... shape) {
    if (tensor == null) {
      throw new FileFormatException(where + " has no tensor '" + name + "'");
    }
    long[] actual = tensor.getDimsList().stream().mapToLong(Long::longValue).toArray();
    if (!Arrays.equals(actual, shape)) {
      throw WeightErrors.shape(where, name, shape, actual);
    }
    long bytes = Arrays.stream(shape).reduce(Float.BYTES, Math::multiplyExact);
    if (tensor.getDataType() != TensorProto.DataType.FLOAT.getNumber()
        || tensor.getRawData().size() != bytes) {
      throw new FileFormatException(
          where + ": tensor '" + name + "' must hold " + bytes + " bytes of raw float32 values");
    }
  }

  @Override
  public void close() {
    initializers.clear();
  }
}
