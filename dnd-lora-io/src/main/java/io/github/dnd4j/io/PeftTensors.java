package io.github.dnd4j.io;

import io.github.dnd4j.FileFormatException;
import io.github.dnd4j.lora.LoraAdapter;
import io.github.dnd4j.lora.LoraConfig;
import io.github.dnd4j.lora.LoraWeights;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.nd4j.linalg.api.ndarray.INDArray;

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

  private static final class Pair {
    private TensorInfo a;
    private TensorInfo b;
  }

  private final TensorFile file;
  private final LoraConfig config;
  private final Map<String, Pair> pairs = new LinkedHashMap<>();

  PeftTensors(TensorFile file, LoraConfig config) {
    this.file = file;
    this.config = config;
  }

  LoraAdapter read() {
    file.tensors().values().forEach(this::sort);
    pairs.forEach(this::check);
    if (pairs.isEmpty()) {
      throw new FileFormatException(file.path() + " holds no LoRA tensors");
    }
    List<INDArray> loaded = new ArrayList<>();
    try {
      Map<String, LoraWeights> weights = new LinkedHashMap<>();
      pairs.forEach(
          (path, pair) ->
              weights.put(path, new LoraWeights(load(pair.a, loaded), load(pair.b, loaded))));
      return new LoraAdapter(config, weights, metadata());
    } catch (RuntimeException | Error e) {
      loaded.forEach(INDArray::close);
      throw e;
    }
  }

  private Map<String, String> metadata() {
    Map<String, String> metadata = new TreeMap<>(file.metadata());
    metadata.remove("format");
    return metadata;
  }

  private void sort(TensorInfo info) {
    Matcher key = KEY.matcher(info.name());
    if (!key.matches()) {
      throw broken(info, "is not expected in a LoRA adapter" + reason(info.name()));
    }
    Pair pair = pairs.computeIfAbsent(key.group(1), path -> new Pair());
    boolean first = key.group(2).equals("A");
    TensorInfo before = first ? pair.a : pair.b;
    if (before != null) {
      throw broken(info, "is for the same matrix as '" + before.name() + "'");
    }
    if (first) {
      pair.a = info;
    } else {
      pair.b = info;
    }
  }

  private static String reason(String key) {
    return BEYOND_LORA.entrySet().stream()
        .filter(entry -> key.contains(entry.getKey()))
        .findFirst()
        .map(entry -> ": it belongs to " + entry.getValue() + ", which is not supported")
        .orElse("");
  }

  private void check(String path, Pair pair) {
    if (pair.a == null || pair.b == null) {
      TensorInfo half = pair.a == null ? pair.b : pair.a;
      throw broken(half, "has no partner " + (pair.a == null ? "lora_A" : "lora_B"));
    }
    checkMatrix(pair.a);
    checkMatrix(pair.b);
    checkRank(pair.a, 0, config.rankOf(path));
    checkRank(pair.b, 1, config.rankOf(path));
  }

  private void checkMatrix(TensorInfo info) {
    if (!ElementCodec.converts(info.type())) {
      throw broken(info, "must hold floating-point numbers, but is of type " + info.type());
    }
    if (info.shape().size() != 2
        || info.shape().stream().anyMatch(size -> size < 1 || size > Integer.MAX_VALUE)) {
      throw broken(info, "must be a matrix, but has the shape " + info.shape());
    }
  }

  private void checkRank(TensorInfo info, int axis, int rank) {
    if (info.shape().get(axis) != rank) {
      throw broken(
          info,
          "has the shape "
              + info.shape()
              + ", but the configuration says rank "
              + rank
              + ": expected "
              + (axis == 0 ? "[" + rank + ", in]" : "[out, " + rank + "]"));
    }
  }

  private INDArray load(TensorInfo info, List<INDArray> loaded) {
    INDArray matrix =
        TensorMemory.allocate(
            new TensorInfo(info.name(), TensorType.F32, info.shape()),
            file.path() + ": tensor '" + info.name() + "'");
    loaded.add(matrix);
    file.readInto(info.name(), matrix);
    return matrix;
  }

  private FileFormatException broken(TensorInfo info, String what) {
    return new FileFormatException(file.path() + ": tensor '" + info.name() + "' " + what);
  }
}
