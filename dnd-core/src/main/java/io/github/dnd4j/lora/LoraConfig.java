package io.github.dnd4j.lora;

import io.github.dnd4j.InvalidInputException;
import io.github.dnd4j.internal.Checks;
import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;

/**
 * What a LoRA adapter says of itself beside its matrices, with the meaning that PEFT's {@code
 * adapter_config.json} gives these fields.
 *
 * @param rank the rank r of its matrices
 * @param alpha the scaling numerator: {@code dW = alpha / r * B @ A}
 * @param rankStabilized whether the scale is {@code alpha / sqrt(r)} (rsLoRA) instead
 * @param dropout the dropout rate it was trained with; without effect on its use
 * @param baseModel the model that it belongs to, for example {@code Qwen/Qwen2.5-0.5B-Instruct}
 * @param taskType PEFT's task type, for example {@code CAUSAL_LM} or {@code FEATURE_EXTRACTION}
 * @param rankPattern ranks of modules that differ from {@code rank}, by module path or its last
 *     parts
 * @param alphaPattern alphas of modules that differ from {@code alpha}, likewise
 */
public record LoraConfig(
    int rank,
    double alpha,
    boolean rankStabilized,
    double dropout,
    String baseModel,
    String taskType,
    Map<String, Integer> rankPattern,
    Map<String, Double> alphaPattern) {

  /** PEFT's task type of models that generate text. */
  public static final String CAUSAL_LM = "CAUSAL_LM";

  /** PEFT's task type of encoders. */
  public static final String FEATURE_EXTRACTION = "FEATURE_EXTRACTION";

  /**
   * Checks and copies the values.
   *
   * @param rank the rank r of its matrices, at least 1
   * @param alpha the scaling numerator, a finite number
   * @param rankStabilized whether the scale is {@code alpha / sqrt(r)}
   * @param dropout the dropout rate it was trained with, from 0 to below 1
   * @param baseModel the model that it belongs to
   * @param taskType PEFT's task type
   * @param rankPattern ranks of modules that differ, at least 1
   * @param alphaPattern alphas of modules that differ, finite numbers
   */
  public LoraConfig {
    Checks.positive(rank, "rank");
    checkFinite(alpha, "alpha");
    if (!(dropout >= 0 && dropout < 1)) {
      throw new InvalidInputException("dropout must be from 0 to below 1, but is " + dropout);
    }
    Checks.notNull(baseModel, "baseModel");
    Checks.notBlank(taskType, "taskType");
    rankPattern = sorted(rankPattern, "rankPattern");
    alphaPattern = sorted(alphaPattern, "alphaPattern");
    rankPattern.forEach((key, value) -> Checks.positive(value, "rankPattern of " + key));
    alphaPattern.forEach((key, value) -> checkFinite(value, "alphaPattern of " + key));
  }

  /** In an order of its own, so that equal configurations are written as equal bytes. */
  private static <T> Map<String, T> sorted(Map<String, T> pattern, String name) {
    Checks.notNull(pattern, name)
        .forEach(
            (key, value) -> {
              Checks.notBlank(key, "a key of " + name);
              Checks.notNull(value, name + " of " + key);
            });
    return Collections.unmodifiableMap(new TreeMap<>(pattern));
  }

  private static void checkFinite(double value, String name) {
    if (!Double.isFinite(value)) {
      throw new InvalidInputException(name + " must be a finite number, but is " + value);
    }
  }

  /**
   * A plain LoRA: one rank and one alpha for all modules, scale {@code alpha / rank}.
   *
   * @param rank the rank
   * @param alpha the scaling numerator
   * @param baseModel the model that it belongs to
   * @param taskType PEFT's task type
   * @return the configuration
   */
  public static LoraConfig of(int rank, double alpha, String baseModel, String taskType) {
    return new LoraConfig(rank, alpha, false, 0, baseModel, taskType, Map.of(), Map.of());
  }

  /**
   * The alpha of one module.
   *
   * @param path the module's path
   * @return its entry in {@code alphaPattern}, or {@code alpha}
   * @throws InvalidInputException if it is longer than a module's path can be
   */
  public double alphaOf(String path) {
    return find(alphaPattern, path, alpha);
  }

  /**
   * The rank of one module.
   *
   * @param path the module's path
   * @return its entry in {@code rankPattern}, or {@code rank}
   * @throws InvalidInputException if it is longer than a module's path can be
   */
  public int rankOf(String path) {
    return find(rankPattern, path, rank);
  }

  /**
   * What {@code B @ A} of a module is multiplied with to give its weight change.
   *
   * @param module the module
   * @return {@code alpha / r}, or {@code alpha / sqrt(r)} when rank-stabilized, with the module's
   *     own alpha and rank
   */
  public double scaleOf(LoraModule module) {
    double r = module.rank();
    return alphaOf(module.path()) / (rankStabilized ? Math.sqrt(r) : r);
  }

  /** PEFT lets a key stand for every module whose path is it or ends with it after a dot. */
  private static <T> T find(Map<String, T> pattern, String path, T otherwise) {
    LoraModule.checkPath(path);
    String key = path;
    while (true) {
      T value = pattern.get(key);
      if (value != null) {
        return value;
      }
      int dot = key.indexOf('.');
      if (dot < 0) {
        return otherwise;
      }
      key = key.substring(dot + 1);
    }
  }
}
