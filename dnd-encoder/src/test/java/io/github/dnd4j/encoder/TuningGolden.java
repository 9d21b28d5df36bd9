package io.github.dnd4j.encoder;

import io.github.dnd4j.internal.HostFloats;
import io.github.dnd4j.io.TensorFile;
import io.github.dnd4j.lora.LoraAdapter;
import io.github.dnd4j.lora.LoraConfig;
import io.github.dnd4j.lora.LoraModule;
import io.github.dnd4j.lora.LoraTarget;
import io.github.dnd4j.lora.LoraWeights;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;

/** What lora_tuning.py computed of an adapter of the tiny model. */
final class TuningGolden implements AutoCloseable {

  static final List<TextPair> PAIRS =
      List.of(
          new TextPair("the river bends slowly", "slowly on and on"),
          new TextPair("a stone bridge crosses it", "the old bridge"),
          new TextPair("north of the mill", "the river runs north and then the mill"));

  private final TensorFile file;

  TuningGolden(TinyBert model) {
    file = TensorFile.open(model.file("tuning.safetensors"));
  }

  INDArray read(String name) {
    return file.read(name);
  }

  static LoraConfig config() {
    return LoraConfig.of(2, 3, "tiny-bert", LoraConfig.FEATURE_EXTRACTION);
  }

  /** All dense modules, rank 2, scale 1.5. */
  LoraTarget target() {
    try (LoraAdapter adapter = start()) {
      return LoraTarget.of(adapter);
    }
  }

  LoraAdapter start() {
    Map<String, LoraWeights> weights = new LinkedHashMap<>();
    for (String name : file.tensors().keySet()) {
      if (name.startsWith("start/") && name.endsWith(".lora_A")) {
        String module = name.substring("start/".length(), name.length() - ".lora_A".length());
        weights.put(module, pair("start", module));
      }
    }
    return new LoraAdapter(config(), weights, Map.of());
  }

  LoraWeights pair(String what, String module) {
    String name = what + "/" + module;
    return new LoraWeights(file.read(name + ".lora_A"), file.read(name + ".lora_B"));
  }

  /** The numbers of "start", "gradient" or "tuned" in the order of {@link LoraParameters}. */
  float[] values(String what, List<LoraModule> modules) {
    List<float[]> parts = new ArrayList<>();
    for (LoraModule module : modules) {
      LoraWeights pair = pair(what, module.path());
      parts.add(HostFloats.toArray(pair.a()));
      parts.add(HostFloats.toArray(pair.b()));
      pair.a().close();
      pair.b().close();
    }
    float[] all = new float[parts.stream().mapToInt(part -> part.length).sum()];
    int at = 0;
    for (float[] part : parts) {
      System.arraycopy(part, 0, all, at, part.length);
      at += part.length;
    }
    return all;
  }

  @Override
  public void close() {
    file.close();
  }
}
