package io.github.dnd4j.encoder;

import java.util.List;

/**
 * What transformers calls the modules of a layer.
 *
 * @param layers what stands before a layer's number
 * @param queryKeyValue three dense maps that take the same
 * @param attentionOutput the dense map after the attention
 * @param attentionNorm the LayerNorm after the attention
 * @param intermediate the first dense map of the feed-forward part
 * @param output the second
 * @param outputNorm the LayerNorm after the feed-forward part
 */
record BertNames(
    String layers,
    List<String> queryKeyValue,
    String attentionOutput,
    String attentionNorm,
    String intermediate,
    String output,
    String outputNorm) {

  static final BertNames BERT =
      new BertNames(
          "encoder.layer.",
          List.of("attention.self.query", "attention.self.key", "attention.self.value"),
          "attention.output.dense",
          "attention.output.LayerNorm",
          "intermediate.dense",
          "output.dense",
          "output.LayerNorm");

  static final BertNames MPNET =
      new BertNames(
          "encoder.layer.",
          List.of("attention.attn.q", "attention.attn.k", "attention.attn.v"),
          "attention.attn.o",
          "attention.LayerNorm",
          "intermediate.dense",
          "output.dense",
          "output.LayerNorm");

  static final BertNames DISTILBERT =
      new BertNames(
          "transformer.layer.",
          List.of("attention.q_lin", "attention.k_lin", "attention.v_lin"),
          "attention.out_lin",
          "sa_layer_norm",
          "ffn.lin1",
          "ffn.lin2",
          "output_layer_norm");

  /** What stands before the names of a layer's modules. */
  String prefixOf(int layer) {
    return layers + layer + ".";
  }

  /** The modules that are side by side in a dense map. */
  List<String> of(DensePlace.Kind kind) {
    return switch (kind) {
      case QUERY_KEY_VALUE -> queryKeyValue;
      case ATTENTION_OUTPUT -> List.of(attentionOutput);
      case INTERMEDIATE -> List.of(intermediate);
      case OUTPUT -> List.of(output);
    };
  }
}
