package io.github.dnd4j.encoder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.dnd4j.FileFormatException;
import io.github.dnd4j.ShapeMismatchException;
import io.github.dnd4j.internal.HostFloats;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import onnx.Onnx.GraphProto;
import onnx.Onnx.ModelProto;
import onnx.Onnx.NodeProto;
import onnx.Onnx.TensorProto;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.shade.protobuf.ByteString;

/** Weights in ONNX models. */
class OnnxWeightsTest {

  private static TensorProto tensor(String name, float[] values, long... shape) {
    ByteBuffer bytes =
        ByteBuffer.allocate(values.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(values);
    TensorProto.Builder tensor =
        TensorProto.newBuilder()
            .setName(name)
            .setDataType(TensorProto.DataType.FLOAT.getNumber())
            .setRawData(ByteString.copyFrom(bytes));
    for (long size : shape) {
      tensor.addDims(size);
    }
    return tensor.build();
  }

  /** One dense layer, as PyTorch exports it. */
  private static byte[] model(TensorProto weight) {
    GraphProto graph =
        GraphProto.newBuilder()
            .addNode(
                NodeProto.newBuilder()
                    .setOpType("MatMul")
                    .setName("/encoder/layer.0/output/dense/MatMul")
                    .addInput("/encoder/layer.0/something")
                    .addInput("onnx::MatMul_799"))
            .addInitializer(weight)
            .addInitializer(tensor("encoder.layer.0.output.dense.bias", new float[] {7, 8}, 2))
            .build();
    return ModelProto.newBuilder().setGraph(graph).build().toByteArray();
  }

  @Test
  void findsADenseWeightThroughTheNodeThatUsesIt() {
    float[] values = {1, 2, 3, 4, 5, 6};
    try (OnnxWeights weights =
            new OnnxWeights(model(tensor("onnx::MatMul_799", values, 3, 2)), "a.onnx");
        INDArray weight = weights.denseWeight("encoder.layer.0.output.dense", 3, 2);
        INDArray bias = weights.tensor("encoder.layer.0.output.dense.bias", 2)) {
      assertThat(weight.shape()).containsExactly(3, 2);
      assertThat(HostFloats.toArray(weight)).containsExactly(values);
      assertThat(HostFloats.toArray(bias)).containsExactly(7, 8);
    }
  }

  @Test
  void namesFileAndTensorOfWhatIsWrong() {
    float[] tooFew = {1, 2, 3, 4, 5};
    try (OnnxWeights weights =
        new OnnxWeights(model(tensor("onnx::MatMul_799", tooFew, 3, 2)), "a.onnx")) {
      assertThatThrownBy(() -> weights.denseWeight("encoder.layer.0.output.dense", 3, 2))
          .isInstanceOf(FileFormatException.class)
          .hasMessageContaining("a.onnx")
          .hasMessageContaining("encoder.layer.0.output.dense.weight");
      assertThatThrownBy(() -> weights.denseWeight("encoder.layer.0.output.dense", 2, 3))
          .isInstanceOf(ShapeMismatchException.class)
          .hasMessageContaining("[2, 3]")
          .hasMessageContaining("[3, 2]");
      assertThatThrownBy(() -> weights.denseWeight("encoder.layer.1.output.dense", 3, 2))
          .isInstanceOf(FileFormatException.class)
          .hasMessageContaining("encoder.layer.1.output.dense.weight");
      assertThatThrownBy(() -> weights.tensor("embeddings.LayerNorm.bias", 3))
          .isInstanceOf(FileFormatException.class)
          .hasMessageContaining("embeddings.LayerNorm.bias");
    }
  }

  @Test
  void rejectsWhatIsNoModel() {
    assertThatThrownBy(() -> new OnnxWeights(new byte[] {(byte) 0xFF, 1, 2, 3}, "a.onnx"))
        .isInstanceOf(FileFormatException.class)
        .hasMessageContaining("a.onnx");
  }
}
