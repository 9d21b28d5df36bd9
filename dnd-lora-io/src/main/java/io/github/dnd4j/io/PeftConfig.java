package io.github.dnd4j.io;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.dnd4j.InvalidInputException;
import io.github.dnd4j.lora.LoraAdapter;
import io.github.dnd4j.lora.LoraConfig;
import io.github.dnd4j.lora.LoraModule;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.Map;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** PEFT's {@code adapter_config.json}. */
final class PeftConfig {

  static final String FILE = "adapter_config.json";

  private static final int LARGEST = 4 << 20;

  /** Layers with these names are of many kinds, so that PEFT has to be told more of their path. */
  private static final Set<String> GENERIC_NAMES = Set.of("dense");

  private static final Pattern LAYER_NUMBER = Pattern.compile("\\.\\d+\\.");

  /** PEFT takes the keys of its patterns for regular expressions; plain paths mean themselves. */
  private static final Pattern PLAIN_PATH = Pattern.compile("[A-Za-z0-9_.-]+");

  /** PEFT takes the first key that fits, so what says more has to come first. */
  private static final Comparator<String> LONGEST_FIRST =
      Comparator.comparingInt(String::length).reversed().thenComparing(Comparator.naturalOrder());

  private PeftConfig() {}

  static LoraConfig read(Path file) {
    JsonObject json = JsonObject.read(file, LARGEST);
    checkKind(json);
    try {
      return new LoraConfig(
          json.integer("r"),
          json.number("lora_alpha"),
          json.isSet("use_rslora"),
          json.has("lora_dropout") ? json.number("lora_dropout") : 0,
          json.has("base_model_name_or_path") ? json.text("base_model_name_or_path") : "",
          json.has("task_type") ? json.text("task_type") : LoraConfig.CAUSAL_LM,
          plain(json, "rank_pattern", pattern(json, "rank_pattern").integers()),
          plain(json, "alpha_pattern", pattern(json, "alpha_pattern").numbers()));
    } catch (InvalidInputException e) {
      throw json.broken(e.getMessage());
    }
  }

  private static void checkKind(JsonObject json) {
    if (!json.text("peft_type").equals("LORA")) {
      throw json.broken("peft_type is " + json.raw("peft_type") + ", but only LORA can be read");
    }
    for (String kind : new String[] {"use_dora", "use_qalora", "fan_in_fan_out", "lora_bias"}) {
      if (json.isSet(kind)) {
        throw json.broken(kind + " is true, but such adapters cannot be read");
      }
    }
    if (json.has("bias") && !json.text("bias").equals("none")) {
      throw json.broken("bias is " + json.raw("bias") + ", but only \"none\" can be read");
    }
    if (json.has("modules_to_save") && !json.isEmptyContainer("modules_to_save")) {
      throw json.broken(
          "modules_to_save is "
              + json.raw("modules_to_save")
              + ", but adapters with whole modules cannot be read");
    }
  }

  private static JsonObject pattern(JsonObject json, String field) {
    return json.has(field) ? json.object(field) : JsonObject.empty();
  }

  private static <T> Map<String, T> plain(JsonObject json, String field, Map<String, T> pattern) {
    for (String key : pattern.keySet()) {
      if (!PLAIN_PATH.matcher(key).matches()) {
        throw json.broken(
            field
                + " has the key '"
                + key
                + "': regular expressions are not supported, write out the module paths");
      }
    }
    return pattern;
  }

  static byte[] format(LoraAdapter adapter) {
    LoraConfig config = adapter.config();
    ObjectNode json = JsonObject.create();
    json.put("peft_type", "LORA");
    json.put("task_type", config.taskType());
    json.put("base_model_name_or_path", config.baseModel());
    json.put("r", config.rank());
    putNumber(json, "lora_alpha", config.alpha());
    json.put("lora_dropout", config.dropout());
    ArrayNode targets = json.putArray("target_modules");
    targetModules(adapter).forEach(targets::add);
    json.put("bias", "none");
    json.put("fan_in_fan_out", false);
    json.put("inference_mode", true);
    json.put("use_rslora", config.rankStabilized());
    json.put("use_dora", false);
    json.putNull("modules_to_save");
    ObjectNode ranks = json.putObject("rank_pattern");
    longestFirst(config.rankPattern()).forEach(ranks::put);
    ObjectNode alphas = json.putObject("alpha_pattern");
    longestFirst(config.alphaPattern()).forEach((key, alpha) -> putNumber(alphas, key, alpha));
    return JsonObject.format(json);
  }

  private static <T> Map<String, T> longestFirst(Map<String, T> pattern) {
    Map<String, T> sorted = new TreeMap<>(LONGEST_FIRST);
    sorted.putAll(pattern);
    return sorted;
  }

  /** PEFT's own files have whole numbers without a decimal point, and some loaders expect it. */
  private static void putNumber(ObjectNode json, String field, double value) {
    if (value == (int) value) {
      json.put(field, (int) value);
    } else {
      json.put(field, value);
    }
  }

  static SortedSet<String> targetModules(LoraAdapter adapter) {
    SortedSet<String> names = new TreeSet<>();
    adapter.modules().forEach(module -> names.add(targetName(module)));
    return names;
  }

  private static String targetName(LoraModule module) {
    if (!GENERIC_NAMES.contains(module.name())) {
      return module.name();
    }
    Matcher number = LAYER_NUMBER.matcher(module.path());
    return number.find() ? module.path().substring(number.end()) : module.path();
  }
}
