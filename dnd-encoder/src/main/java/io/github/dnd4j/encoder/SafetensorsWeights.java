package io.github.dnd4j.encoder;

import io.github.dnd4j.FileFormatException;
import io.github.dnd4j.internal.HostFloats;
import io.github.dnd4j.io.TensorFile;
import io.github.dnd4j.io.TensorInfo;
import java.nio.file.Path;
import java.util.Arrays;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The weights of a BertModel that transformers saved, with or without a {@code bert.} before their
 * names, which the models built on top of BertModel add. LayerNorms may have their names of old,
 * {@code gamma} and {@code beta}. Other tensors of the file (pooler, position ids, heads) are not
 * looked at.
 */
final class SafetensorsWeights implements WeightSource {

  private final TensorFile file;
  private final String prefix;

  SafetensorsWeights(Path path) {
    file = TensorFile.open(path);
    prefix = file.tensors().containsKey("bert.embeddings.word_embeddings.weight") ? "bert." : "";
  }

  @Override
  public INDArray tensor(String name, long... shape) {
    TensorInfo info = find(name);
    if (!Arrays.equals(info.dimensions(), shape)) {
      throw WeightErrors.shape(file.path().toString(), info.name(), shape, info.dimensions());
    }
    INDArray target = HostFloats.uninitialized(shape);
    try {
      file.readInto(info.name(), target);
      return target;
    } catch (RuntimeException e) {
      target.close();
      throw e;
    }
  }

  private TensorInfo find(String name) {
    String full = prefix + name;
    TensorInfo info = file.tensors().get(full);
    if (info == null) {
      String ancient =
          full.replace("LayerNorm.weight", "LayerNorm.gamma")
              .replace("LayerNorm.bias", "LayerNorm.beta");
      info = file.tensors().get(ancient);
    }
    if (info == null) {
      throw new FileFormatException(
          file.path() + " has no tensor '" + full + "'. Is it a BERT encoder's model.safetensors?");
    }
    return info;
  }

  @Override
  public INDArray denseWeight(String layer, long in, long out) {
    try (INDArray stored = tensor(layer + ".weight", out, in)) {
      INDArray weight = HostFloats.uninitialized(in, out);
      weight.assign(stored.transpose());
      return weight;
    }
  }

  @Override
  public void close() {
    file.close();
  }
}
