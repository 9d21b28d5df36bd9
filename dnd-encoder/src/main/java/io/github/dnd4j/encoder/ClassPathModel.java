package io.github.dnd4j.encoder;

import io.github.dnd4j.FileAccessException;
import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.net.URLConnection;
import java.util.Arrays;
import java.util.Optional;

/**
 * The sentence encoders that Maven Central has in jars of langchain4j: an ONNX file of float32
 * weights and a {@code tokenizer.json} each. All are uncased BERTs of 384 numbers per token.
 */
enum ClassPathModel {
  ALL_MINILM_L6_V2("all-MiniLM-L6-v2", "all-minilm-l6-v2", 6, "all-minilm-l6-v2"),
  BGE_SMALL_EN_V15("bge-small-en-v1.5", "bge-small-en-v1.5", 12, "bge-small-en-v15"),
  E5_SMALL_V2("e5-small-v2", "e5-small-v2", 12, "e5-small-v2");

  private final String modelName;
  private final String stem;
  private final int layers;
  private final String artifact;

  ClassPathModel(String modelName, String stem, int layers, String artifact) {
    this.modelName = modelName;
    this.stem = stem;
    this.layers = layers;
    this.artifact = "dev.langchain4j:langchain4j-embeddings-" + artifact;
  }

  /** The model of a name, as {@link #modelName()} gives it. */
  static Optional<ClassPathModel> named(String name) {
    return Arrays.stream(values()).filter(model -> model.modelName.equals(name)).findFirst();
  }

  String modelName() {
    return modelName;
  }

  BertConfig config() {
    return new BertConfig(30522, 384, layers, 12, 1536, 512, 2, 1e-12f);
  }

  String onnxName() {
    return stem + ".onnx";
  }

  String tokenizerName() {
    return stem + "-tokenizer.json";
  }

  byte[] onnx() {
    return resource(onnxName());
  }

  byte[] tokenizer() {
    return resource(tokenizerName());
  }

  private byte[] resource(String name) {
    URL url = ClassPathModel.class.getClassLoader().getResource(name);
    if (url == null) {
      throw new FileAccessException(
          "the class path has no " + name + ". Add the dependency " + artifact);
    }
    try {
      URLConnection connection = url.openConnection();
      try (InputStream in = connection.getInputStream()) {
        // With the size known there is never a second copy of a file of 90 MB.
        byte[] bytes = new byte[Math.max(0, connection.getContentLength())];
        int read = in.readNBytes(bytes, 0, bytes.length);
        if (read < bytes.length || bytes.length == 0 || in.read() != -1) {
          throw new IOException("its size is not " + bytes.length + " bytes");
        }
        return bytes;
      }
    } catch (IOException e) {
      throw new FileAccessException("cannot read " + name + " from the class path: " + e, e);
    }
  }
}
