package io.github.dnd4j.io;

import io.github.dnd4j.FileFormatException;
import io.github.dnd4j.internal.HostFloats;
import io.github.dnd4j.lora.LoraAdapter;
import io.github.dnd4j.lora.LoraConfig;
import io.github.dnd4j.lora.LoraModule;
import io.github.dnd4j.lora.LoraWeights;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Reads the adapter that a GGUF file holds. */
final class GgufAdapterReader {

  private static final Pattern KEY = Pattern.compile("(.+)\\.lora_([ab])");

  private final GgufFile file;
  private final LoraPairs pairs;
  private final GgufArchitecture architecture;

  /**
   * Creates a reader.
   *
   * @param file the open file
   * @param chosen what the user says of the architecture, or null
   */
  GgufAdapterReader(GgufFile file, GgufArchitecture chosen) {
    this.file = file;
    this.pairs = new LoraPairs(file);
    checkKind();
    this.architecture = architecture(chosen);
  }

  private void checkKind() {
    String type = text(GgufKeys.TYPE).orElse("model");
    if (!type.equals(GgufKeys.ADAPTER)) {
      throw broken(GgufKeys.TYPE + " is '" + type + "': this is no adapter");
    }
    String kind = text(GgufKeys.ADAPTER_TYPE).orElse("");
    if (!kind.equals(GgufKeys.LORA)) {
      throw broken(
          GgufKeys.ADAPTER_TYPE
              + " is '"
              + kind
              + "', but only '"
              + GgufKeys.LORA
              + "' can be read");
    }
    if (file.values().containsKey(GgufKeys.INVOCATION_TOKENS)) {
      throw broken(
          "it has "
              + GgufKeys.INVOCATION_TOKENS
              + ": adapters that a text activates cannot be read");
    }
  }

  private GgufArchitecture architecture(GgufArchitecture chosen) {
    String name = text(GgufKeys.ARCHITECTURE).orElse("");
    GgufArchitecture known =
        GgufArchitecture.named(name)
            .orElseThrow(
                () ->
                    broken(
                        GgufKeys.ARCHITECTURE + " is '" + name + "', whose modules are not known"));
    if (chosen != null) {
      if (!chosen.name().equals(name)) {
        throw broken(
            GgufKeys.ARCHITECTURE + " is '" + name + "', but " + chosen.name() + " was asked for");
      }
      return chosen;
    }
    GgufValue headSize = file.values().get(GgufKeys.headSize(known));
    return known.equals(GgufArchitecture.LLAMA) && headSize != null
        ? GgufArchitecture.llama(checkedHeadSize(known, headSize))
        : known;
  }

  private int checkedHeadSize(GgufArchitecture known, GgufValue value) {
    if (value.type() != GgufValue.Type.UINT32
        || (long) value.content() < 2
        || (long) value.content() > 1 << 16
        || (long) value.content() % 2 != 0) {
      throw broken(GgufKeys.headSize(known) + " must be an even UINT32, but is " + value.text());
    }
    return ((Long) value.content()).intValue();
  }

  private Optional<String> text(String key) {
    GgufValue value = file.values().get(key);
    if (value != null && value.type() != GgufValue.Type.STRING) {
      throw broken(key + " must be a text, but is of type " + value.type());
    }
    return Optional.ofNullable(value).map(GgufValue::text);
  }

  LoraAdapter read() {
    file.tensors().values().forEach(this::sort);
    Map<String, Integer> ranks = new TreeMap<>();
    pairs.checked().forEach((path, pair) -> ranks.put(path, rank(path, pair)));
    LoraConfig config = config(ranks);
    return pairs.load(
        weights -> {
          weights.forEach(this::restoreRows);
          return new LoraAdapter(config, weights, metadata(config, weights));
        });
  }

  private void sort(TensorInfo info) {
    Matcher key = KEY.matcher(info.name());
    if (!key.matches()) {
      throw pairs.broken(info, "is not expected in a LoRA adapter");
    }
    String path =
        architecture
            .pathOf(key.group(1))
            .orElseThrow(
                () ->
                    pairs.broken(
                        info, "is of no module that is known of the architecture " + architecture));
    pairs.put(path, key.group(2).equals("a"), info);
  }

  private int rank(String path, LoraPairs.Pair pair) {
    long rank = pair.a().shape().get(0);
    if (pair.b().shape().get(1) != rank) {
      throw pairs.broken(
          pair.b(),
          "has the shape " + pair.b().shape() + ", but lora_A has the shape " + pair.a().shape());
    }
    if (architecture.reorders(path)) {
      checkHeads(path, pair.b());
    }
    return (int) rank;
  }

  private void checkHeads(String path, TensorInfo b) {
    try {
      GgufAdapterWriter.checkHeads(architecture, path, b.shape().get(0));
    } catch (io.github.dnd4j.DragAndDropException e) {
      throw pairs.broken(b, "cannot be read: " + e.getMessage());
    }
  }

  private LoraConfig config(Map<String, Integer> ranks) {
    int rank = mostFrequent(ranks);
    Map<String, Integer> others = new TreeMap<>(ranks);
    others.values().removeIf(other -> other == rank);
    float alpha = alpha();
    Map<String, Double> alphas = new TreeMap<>();
    if (alpha == 0) {
      others.forEach((path, other) -> alphas.put(path, (double) other));
    }
    return new LoraConfig(
        rank,
        alpha == 0 ? rank : alpha,
        false,
        0,
        baseModel(),
        architecture.taskType(),
        others,
        alphas);
  }

  private static int mostFrequent(Map<String, Integer> ranks) {
    return ranks.values().stream()
        .collect(Collectors.groupingBy(Function.identity(), TreeMap::new, Collectors.counting()))
        .entrySet()
        .stream()
        .max(Comparator.comparing(Map.Entry<Integer, Long>::getValue))
        .orElseThrow()
        .getKey();
  }

  /** Zero, and none at all, mean that B @ A is not scaled. */
  private float alpha() {
    GgufValue value = file.values().get(GgufKeys.ALPHA);
    if (value == null) {
      return 0;
    }
    if (value.type() != GgufValue.Type.FLOAT32 || !Float.isFinite((float) value.content())) {
      throw broken(
          GgufKeys.ALPHA
              + " must be a finite FLOAT32, but is the "
              + value.type()
              + " "
              + value.text());
    }
    return (float) value.content();
  }

  private String baseModel() {
    String url = text(GgufKeys.BASE_URL).orElse("");
    if (url.startsWith(GgufKeys.HUB)) {
      return url.substring(GgufKeys.HUB.length());
    }
    String name = text(GgufKeys.BASE_NAME).orElse("");
    return text(GgufKeys.BASE_ORGANIZATION).map(owner -> owner + "/" + name).orElse(name);
  }

  private Map<String, String> metadata(LoraConfig config, Map<String, LoraWeights> weights) {
    Map<String, String> metadata = new TreeMap<>();
    file.values()
        .forEach(
            (key, value) -> {
              if (value.type() == GgufValue.Type.STRING && GgufKeys.isFreeText(key)) {
                metadata.put(key, value.text());
              }
            });
    metadata.remove(GgufKeys.NAME, GgufAdapterWriter.defaultName(config.baseModel()));
    List<LoraModule> modules =
        weights.entrySet().stream()
            .map(
                entry ->
                    new LoraModule(
                        entry.getKey(),
                        (int) entry.getValue().a().size(1),
                        (int) entry.getValue().b().size(0),
                        (int) entry.getValue().a().size(0)))
            .toList();
    if (!GgufArchitecture.deduce(config.baseModel(), modules).equals(Optional.of(architecture))) {
      metadata.put(GgufKeys.CHOSEN_ARCHITECTURE, architecture.toString());
    }
    return metadata;
  }

  /** Back from the order that GGUF has the rows in. */
  private void restoreRows(String path, LoraWeights pair) {
    if (!architecture.reorders(path)) {
      return;
    }
    INDArray b = pair.b();
    int rank = (int) b.size(1);
    float[] values = HostFloats.toArray(b);
    HostFloats target = HostFloats.of(b);
    for (int row = 0; row < b.size(0); row++) {
      target.write((long) architecture.sourceRow(row) * rank, values, row * rank, rank);
    }
  }

  private FileFormatException broken(String what) {
    return new FileFormatException(file.path() + ": " + what);
  }
}
