package io.github.dnd4j.encoder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.dnd4j.DragAndDropException;
import io.github.dnd4j.FileAccessException;
import io.github.dnd4j.FileFormatException;
import io.github.dnd4j.internal.HostFloats;
import io.github.dnd4j.spi.ProgressListener;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import onnx.Onnx.AttributeProto;
import onnx.Onnx.GraphProto;
import onnx.Onnx.NodeProto;
import onnx.Onnx.TensorProto;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.api.ndarray.INDArray;

/** ONNX models with tensors in other files, and broken ones. */
class OnnxFileTest {

  @TempDir private Path folder;

  private Path model(TinyOnnx model) {
    return model.write(folder.resolve("model")).resolve("model.onnx");
  }

  private Path write(byte[] content) throws IOException {
    return Files.write(folder.resolve("model.onnx"), content);
  }

  @Test
  void theHashIsThatOfTheFile() throws Exception {
    Path file = model(TinyOnnx.complete());
    byte[] digest =
        java.security.MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(file));

    assertThat(new OnnxFile(file).sha256()).isEqualTo(HexFormat.of().formatHex(digest));
  }

  @Test
  void weightsInAFileBesideTheModelAreReadAndIdentifyIt() throws IOException {
    TinyOnnx.complete().write(folder.resolve("plain"));
    Path file = model(TinyOnnx.complete().external("model.onnx_data"));
    byte[] weights = TinyOnnx.externalData();
    Path data = Files.write(file.resolveSibling("model.onnx_data"), weights);

    try (OnnxEncoder plain = OnnxEncoder.load(folder.resolve("plain"));
        OnnxEncoder external = OnnxEncoder.load(file.getParent());
        INDArray expected = plain.encode(List.of("a mill"), 16, ProgressListener.NONE);
        INDArray actual = external.encode(List.of("a mill"), 16, ProgressListener.NONE)) {
      assertThat(HostFloats.toArray(actual)).isEqualTo(HostFloats.toArray(expected));
    }

    OnnxFile before = new OnnxFile(file);
    assertThat(before.externalData()).containsExactly(data.toAbsolutePath().normalize());
    String hash = before.sha256();
    weights[0] ^= 1;
    Files.write(data, weights);
    assertThat(new OnnxFile(file).sha256()).isNotEqualTo(hash);
  }

  @Test
  void saysWhichFileOfWeightsIsMissing() {
    Path file = model(TinyOnnx.complete().external("weights/model.data"));

    assertThatThrownBy(() -> OnnxEncoder.load(file.getParent()))
        .isInstanceOf(FileAccessException.class)
        .hasMessageContaining("model.onnx")
        .hasMessageContaining("model.data");
  }

  @Test
  void refusesWeightsElsewhere() throws IOException {
    Path secret = Files.write(folder.resolve("secret"), TinyOnnx.externalData());
    for (String location :
        List.of("../secret", "a/../../secret", secret.toAbsolutePath().toString(), "", ".", "..")) {
      Path file =
          TinyOnnx.complete()
              .external(location)
              .write(folder.resolve("model-" + location.hashCode()))
              .resolve("model.onnx");
      assertThatThrownBy(() -> new OnnxFile(file))
          .as(location)
          .isInstanceOf(FileFormatException.class)
          .hasMessageContaining("'" + location + "'")
          .hasMessageContaining("must not name files elsewhere");
    }
  }

  /** A tensor can hide in a node's attribute and in the graph of a branch. */
  @Test
  void looksForWeightsInAllPlaces() {
    TensorProto.Builder tensor = TensorProto.newBuilder().setName("hidden");
    tensor.addExternalDataBuilder().setKey("location").setValue("../secret");
    AttributeProto.Builder constant = AttributeProto.newBuilder().setName("value").setT(tensor);
    GraphProto.Builder branch =
        GraphProto.newBuilder()
            .addNode(NodeProto.newBuilder().setOpType("Constant").addAttribute(constant));
    TinyOnnx model = TinyOnnx.complete();
    model
        .graph()
        .addNode(
            NodeProto.newBuilder()
                .setOpType("If")
                .addAttribute(AttributeProto.newBuilder().setName("then_branch").setG(branch)));
    Path file = model(model);

    assertThatThrownBy(() -> new OnnxFile(file))
        .isInstanceOf(FileFormatException.class)
        .hasMessageContaining("'../secret'");
  }

  @Test
  void refusesGraphsWithinGraphsWithoutEnd() throws IOException {
    GraphProto graph = GraphProto.getDefaultInstance();
    for (int i = 0; i < 40; i++) {
      AttributeProto.Builder attribute = AttributeProto.newBuilder().setName("body").setG(graph);
      graph =
          GraphProto.newBuilder()
              .addNode(NodeProto.newBuilder().setOpType("Loop").addAttribute(attribute))
              .build();
    }
    TinyOnnx model = TinyOnnx.complete();
    model.graph().mergeFrom(graph);
    Path file = write(model.bytes());

    assertThatThrownBy(() -> new OnnxFile(file))
        .isInstanceOf(FileFormatException.class)
        .hasMessageContaining("nested");
  }

  @Test
  void aDamagedFileGivesAnErrorOrIsReadButNothingElse() throws IOException {
    byte[] whole = TinyOnnx.complete().external("data").bytes();
    Files.write(folder.resolve("data"), TinyOnnx.externalData());
    Random random = new Random(1);
    int refused = 0;
    for (int i = 0; i < 1000; i++) {
      byte[] damaged =
          Arrays.copyOf(whole, i % 2 == 0 ? whole.length : random.nextInt(whole.length));
      for (int change = 0; change < i % 4 && damaged.length > 0; change++) {
        damaged[random.nextInt(damaged.length)] = (byte) random.nextInt();
      }
      Path file = write(damaged);
      try {
        new OnnxFile(file);
      } catch (DragAndDropException e) {
        assertThat(e).hasMessageContaining("model.onnx");
        refused++;
      }
    }
    assertThat(refused).isBetween(300, 1000);
  }
}
