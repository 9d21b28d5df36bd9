package io.github.dnd4j.io;

import io.github.dnd4j.lora.LoraAdapter;
import io.github.dnd4j.lora.LoraConfig;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The tensors of one PEFT adapter, checked against its configuration and each other. */
final class PeftTensors {

  private static final Pattern KEY =
      Pattern.compile(
          Pattern.quote(PeftFormat.PREFIX) + "(.+)\\.lora_([AB])(?:\\.[^.]+)?\\.weight");

  /** Parts of keys that need more than plain LoRA, and what they are of. */
  private static final Map<String, String> BEYOND_LORA =
      Map.of(
          "lora_magnitude_vector", "DoRA",
          "lora_embedding_", "LoRA of embeddings",
          "modules_to_save", "a whole module",
          ".bias", "a bias");

  private final TensorFile file;
  private final LoraConfig config;
  private final LoraPairs pairs;

  PeftTensors(TensorFile file, LoraConfig config) {
    this.file = file;
    this.config = config;
    this.pairs = new LoraPairs(file);
  }

  LoraAdapter read() {
    checked();
    return pairs.load(weights -> new LoraAdapter(config, weights, metadata()));
  }

  /** All matrices by module path, once it is known that they fit. */
  Map<String, LoraPairs.Pair> checked() {
    file.tensors().values().forEach(this::sort);
    Map<String, LoraPairs.Pair> checked = pairs.checked();
    checked.forEach(this::checkRanks);
    return checked;
  }

  private Map<String, String> metadata() {
    Map<String, String> metadata = new TreeMap<>(file.metadata());
    metadata.remove("format");
    return metadata;
  }

  private void sort(TensorInfo info) {
    Matcher key = KEY.matcher(info.name());
    if (!key.matches()) {
      throw pairs.broken(info, "is not expected in a LoRA adapter" + reason(info.name()));
    }
    pairs.put(key.group(1), key.group(2).equals("A"), info);
  }

  private static String reason(String key) {
    return BEYOND_LORA.entrySet().stream()
        .filter(entry -> key.contains(entry.getKey()))
        .findFirst()
        .map(entry -> ": it belongs to " + entry.getValue() + ", which is not supported")
        .orElse("");
  }

  private void checkRanks(String path, LoraPairs.Pair pair) {
    checkRank(pair.a(), 0, config.rankOf(path));
    checkRank(pair.b(), 1, config.rankOf(path));
  }

  private void checkRank(TensorInfo info, int axis, int rank) {
    if (info.shape().get(axis) != rank) {
      throw pairs.broken(
          info,
          "has the shape "
              + info.shape()
              + ", but the configuration says rank "
              + rank
              + ": expected "
              + (axis == 0 ? "[" + rank + ", in]" : "[out, " + rank + "]"));
    }
  }
}
