package io.github.dnd4j.encoder;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import onnx.Onnx.AttributeProto;
import onnx.Onnx.GraphProto;
import onnx.Onnx.ModelProto;
import onnx.Onnx.NodeProto;
import onnx.Onnx.OperatorSetIdProto;
import onnx.Onnx.TensorProto;
import onnx.Onnx.TensorShapeProto;
import onnx.Onnx.TypeProto;
import onnx.Onnx.ValueInfoProto;
import org.nd4j.shade.protobuf.ByteString;

/**
 * An ONNX model so small that its states can be told by hand: the state of a token is its embedding
 * plus the value of each other input, times that input's factor. Its tokenizer is tiny-bert's.
 */
final class TinyOnnx {

  static final int WIDTH = 6;
  static final int VOCABULARY = 64;

  /** What a token's mask, position and type count in its states. */
  static final float MASK = 1000;

  static final float POSITION = 10000;
  static final float TYPE = 7;

  private static final int FLOAT = TensorProto.DataType.FLOAT.getNumber();
  private static final int INT64 = TensorProto.DataType.INT64.getNumber();

  private final GraphProto.Builder graph = GraphProto.newBuilder().setName("tiny");
  private final List<String> sum = new ArrayList<>();

  /** A model without an output yet, with the ids and the mask for inputs. */
  TinyOnnx() {
    graph.addInitializer(embeddings()).addInput(value("input_ids", INT64, "batch", "tokens"));
    node("Gather", "embedded", "embeddings", "input_ids");
    sum.add("embedded");
    add("attention_mask", MASK);
  }

  static float embedding(int id, int channel) {
    return id + channel / 8f;
  }

  private static TensorProto embeddings() {
    float[] values = new float[VOCABULARY * WIDTH];
    for (int i = 0; i < values.length; i++) {
      values[i] = embedding(i / WIDTH, i % WIDTH);
    }
    return tensor("embeddings", values, VOCABULARY, WIDTH);
  }

  /** The bytes of float32 values as ONNX stores them. */
  static byte[] bytes(float... values) {
    ByteBuffer bytes =
        ByteBuffer.allocate(values.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(values);
    return bytes.array();
  }

  private static TensorProto tensor(String name, float[] values, long... shape) {
    TensorProto.Builder tensor =
        TensorProto.newBuilder()
            .setName(name)
            .setDataType(FLOAT)
            .setRawData(ByteString.copyFrom(bytes(values)));
    for (long size : shape) {
      tensor.addDims(size);
    }
    return tensor.build();
  }

  /** Names stand for sizes that are free. */
  static ValueInfoProto value(String name, int type, Object... sizes) {
    TensorShapeProto.Builder shape = TensorShapeProto.newBuilder();
    for (Object size : sizes) {
      TensorShapeProto.Dimension.Builder dimension = shape.addDimBuilder();
      if (size instanceof Integer number) {
        dimension.setDimValue(number);
      } else {
        dimension.setDimParam(size.toString());
      }
    }
    return ValueInfoProto.newBuilder()
        .setName(name)
        .setType(
            TypeProto.newBuilder()
                .setTensorType(TypeProto.Tensor.newBuilder().setElemType(type).setShape(shape)))
        .build();
  }

  TinyOnnx node(String operation, String output, String... inputs) {
    return node(operation, List.of(), output, inputs);
  }

  private TinyOnnx node(
      String operation, List<AttributeProto> attributes, String output, String... inputs) {
    graph.addNode(
        NodeProto.newBuilder()
            .setOpType(operation)
            .addAllInput(List.of(inputs))
            .addOutput(output)
            .addAllAttribute(attributes));
    return this;
  }

  private static AttributeProto attribute(String name, long value) {
    return AttributeProto.newBuilder()
        .setName(name)
        .setType(AttributeProto.AttributeType.INT)
        .setI(value)
        .build();
  }

  /** One more input, whose values times a factor are added to the states. */
  TinyOnnx add(String input, float factor) {
    graph.addInput(value(input, INT64, "batch", "tokens"));
    return term(input, factor);
  }

  private TinyOnnx term(String input, float factor) {
    graph.addInitializer(tensor(input + ".factor", new float[] {factor}, 1));
    graph.addInitializer(
        TensorProto.newBuilder()
            .setName(input + ".axes")
            .setDataType(INT64)
            .addDims(1)
            .addInt64Data(2));
    node("Cast", List.of(attribute("to", FLOAT)), input + ".float", input);
    node("Mul", input + ".scaled", input + ".float", input + ".factor");
    node("Unsqueeze", input + ".term", input + ".scaled", input + ".axes");
    sum.add(input + ".term");
    return this;
  }

  /** Gives the sum under a name; sizes as {@link #value} has them. */
  TinyOnnx output(String name, Object... sizes) {
    String total = sum.get(0);
    for (String term : sum.subList(1, sum.size())) {
      String next = name + "+" + term;
      node("Add", next, total, term);
      total = next;
    }
    node("Identity", name, total);
    graph.addOutput(value(name, FLOAT, sizes));
    return this;
  }

  /** Gives the mean over the tokens, which is no token's state. */
  TinyOnnx pooledOutput(String name) {
    AttributeProto axes =
        AttributeProto.newBuilder()
            .setName("axes")
            .setType(AttributeProto.AttributeType.INTS)
            .addInts(1)
            .build();
    node("ReduceMean", List.of(axes, attribute("keepdims", 0)), name, "embedded");
    graph.addOutput(value(name, FLOAT, "batch", WIDTH));
    return this;
  }

  /** Lets the embeddings be in another file. */
  TinyOnnx external(String location) {
    TensorProto.Builder tensor =
        TensorProto.newBuilder()
            .setName("embeddings")
            .setDataType(FLOAT)
            .addDims(VOCABULARY)
            .addDims(WIDTH)
            .setDataLocation(TensorProto.DataLocation.EXTERNAL);
    tensor.addExternalDataBuilder().setKey("location").setValue(location);
    graph.setInitializer(0, tensor);
    return this;
  }

  /** What {@link #external} has in its file. */
  static byte[] externalData() {
    return embeddings().getRawData().toByteArray();
  }

  GraphProto.Builder graph() {
    return graph;
  }

  byte[] bytes() {
    return ModelProto.newBuilder()
        .setIrVersion(7)
        .addOpsetImport(OperatorSetIdProto.newBuilder().setDomain("").setVersion(13))
        .setGraph(graph)
        .build()
        .toByteArray();
  }

  /** The usual model: all inputs that are known, and hidden states under their usual name. */
  static TinyOnnx complete() {
    return new TinyOnnx()
        .add("token_type_ids", TYPE)
        .add("position_ids", POSITION)
        .output("last_hidden_state", "batch", "tokens", WIDTH);
  }

  /** Writes it into a directory of a model, with a tokenizer and a configuration. */
  Path write(Path directory) {
    try {
      Files.createDirectories(directory);
      Files.write(directory.resolve("model.onnx"), bytes());
      try (InputStream in = TinyOnnx.class.getResourceAsStream("tiny-bert/tokenizer.json")) {
        Files.copy(in, directory.resolve("tokenizer.json"));
      }
      Files.writeString(
          directory.resolve("config.json"),
          "{\"model_type\": \"tiny\", \"max_position_embeddings\": 16, \"vocab_size\": "
              + VOCABULARY
              + "}");
      return directory;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
