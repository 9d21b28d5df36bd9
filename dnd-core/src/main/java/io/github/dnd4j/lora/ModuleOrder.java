package io.github.dnd4j.lora;

import java.util.Comparator;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The order in which an adapter's modules become weight tokens, whatever order a file has. */
final class ModuleOrder {

  private static final Pattern LAYER = Pattern.compile("\\.(\\d{1,9})\\.");

  /** Within a layer: the reference implementation's order for causal models, then BERT's own. */
  private static final List<String> WITHIN_LAYER =
      List.of(
          ".q_proj",
          ".k_proj",
          ".v_proj",
          ".o_proj",
          ".up_proj",
          ".gate_proj",
          ".down_proj",
          ".attention.self.query",
          ".attention.self.key",
          ".attention.self.value",
          ".attention.output.dense",
          ".intermediate.dense",
          ".output.dense");

  static final Comparator<LoraModule> CANONICAL =
      Comparator.comparing(ModuleOrder::stem)
          .thenComparingInt(module -> module.layer().orElse(-1))
          .thenComparingInt(ModuleOrder::rankWithinLayer)
          .thenComparing(LoraModule::path);

  private ModuleOrder() {}

  /** What precedes the layer number, so that towers such as a vision one stay together. */
  private static String stem(LoraModule module) {
    Matcher matcher = LAYER.matcher(module.path());
    return matcher.find() ? module.path().substring(0, matcher.start()) : "";
  }

  private static int rankWithinLayer(LoraModule module) {
    for (int i = 0; i < WITHIN_LAYER.size(); i++) {
      if (module.path().endsWith(WITHIN_LAYER.get(i))) {
        return i;
      }
    }
    return WITHIN_LAYER.size();
  }
}
