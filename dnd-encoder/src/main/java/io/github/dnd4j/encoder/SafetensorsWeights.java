package io.github.dnd4j.encoder;

import io.github.dnd4j.FileFormatException;
import io.github.dnd4j.io.TensorFile;
import io.github.dnd4j.io.TensorInfo;
import java.nio.file.Path;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The weights of a BertModel, or one of its relatives, that transformers saved, with or without a
 * {@code bert.} before their names, which the models built on top of BertModel add, or {@code
 * roberta.}, {@code mpnet.} and so on. LayerNorms may have their names of old, {@code gamma} and
 * {@code beta}. Other tensors of the file (pooler, position ids, heads) are not looked at.
 */
final class SafetensorsWeights implements WeightSource {

  private final TensorFile file;
  private final BertFamily family;
  private final String prefix;

  SafetensorsWeights(Path path, BertFamily family) {
    this.file = TensorFile.open(path);
    this.family = family;
    String words = family.prefix() + "embeddings.word_embeddings.weight";
    this.prefix = file.tensors().containsKey(words) ? family.prefix() : "";
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
          file.path()
              + " has no tensor '"
              + full
              + "'. Is it the model.safetensors of an encoder of model_type "
              + family.modelType()
              + "?");
    }
    return info;
  }

  @Override
  public void close() {
    file.close();
  }
}
