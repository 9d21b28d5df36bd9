package io.github.dnd4j.serving;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;

/** The list of models that both servers have at {@code /v1/models}. */
final class ModelList {

  private ModelList() {}

  /** Adapters are the models with a parent. */
  static List<ServedAdapter> adapters(ServerConnection connection) {
    return connection.getList("/v1/models", "data", "list its adapters", answer -> "").stream()
        .filter(model -> isText(model.path("parent")) && isText(model.path("id")))
        .map(
            model ->
                new ServedAdapter(
                    model.path("id").textValue(),
                    model.path("root").asText(""),
                    model.path("parent").textValue()))
        .toList();
  }

  private static boolean isText(JsonNode node) {
    return node.isTextual() && !node.textValue().isBlank();
  }
}
