package io.github.dnd4j.encoder;

import io.github.dnd4j.FileFormatException;
import io.github.dnd4j.io.TensorFile;
import io.github.dnd4j.io.TensorInfo;
import java.nio.file.Path;
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
    return WeightSource.read(file, find(name), shape);
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
  public void close() {
    file.close();
  }
}
