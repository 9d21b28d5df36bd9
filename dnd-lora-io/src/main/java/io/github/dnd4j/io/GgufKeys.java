package io.github.dnd4j.io;

import java.util.Set;

/** The metadata of GGUF adapters. */
final class GgufKeys {

  static final String ARCHITECTURE = "general.architecture";
  static final String TYPE = "general.type";
  static final String ADAPTER = "adapter";
  static final String NAME = "general.name";
  static final String FILE_TYPE = "general.file_type";
  static final String ADAPTER_TYPE = "adapter.type";
  static final String LORA = "lora";
  static final String ALPHA = "adapter.lora.alpha";
  static final String INVOCATION_TOKENS = "adapter.alora.invocation_tokens";

  static final String BASE = "general.base_model.";
  static final String BASE_COUNT = BASE + "count";
  static final String BASE_NAME = BASE + "0.name";
  static final String BASE_ORGANIZATION = BASE + "0.organization";
  static final String BASE_URL = BASE + "0.repo_url";
  static final String HUB = "https://huggingface.co/";

  /**
   * In the metadata of an adapter in memory: what {@link GgufArchitecture#of(String)} takes, where
   * the adapter does not tell it otherwise.
   */
  static final String CHOSEN_ARCHITECTURE = "gguf.architecture";

  /** These say what the adapter is; the others are free text. */
  private static final Set<String> OWN =
      Set.of(ARCHITECTURE, TYPE, ADAPTER_TYPE, ALPHA, GgufHeader.ALIGNMENT, FILE_TYPE);

  private GgufKeys() {}

  static boolean isFreeText(String key) {
    return !OWN.contains(key) && !key.startsWith(BASE) && !key.equals(CHOSEN_ARCHITECTURE);
  }

  /** The width of an attention head, a whole number. */
  static String headSize(GgufArchitecture architecture) {
    return architecture.name() + ".attention.key_length";
  }
}
