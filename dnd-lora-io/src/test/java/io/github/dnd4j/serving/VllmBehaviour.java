package io.github.dnd4j.serving;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import java.io.IOException;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;

/** What vLLM answers about adapters, by its documentation and source. */
final class VllmBehaviour implements LocalServer.Behaviour {

  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final String BASE = "Qwen/Qwen2.5-0.5B-Instruct";

  private final Map<String, String> loaded = new ConcurrentSkipListMap<>();
  private boolean runtimeUpdating = true;
  private boolean inPlace = true;
  private String apiKey;

  /** As without {@code VLLM_ALLOW_RUNTIME_LORA_UPDATING}. */
  VllmBehaviour withoutRuntimeUpdating() {
    runtimeUpdating = false;
    return this;
  }

  /** As versions that do not know {@code load_inplace}. */
  VllmBehaviour withoutReplacing() {
    inPlace = false;
    return this;
  }

  VllmBehaviour withApiKey(String key) {
    apiKey = key;
    return this;
  }

  @Override
  public void answer(LocalServer.Request request, HttpExchange exchange) throws IOException {
    if (apiKey != null
        && request.path().startsWith("/v1")
        && !("Bearer " + apiKey).equals(request.key())) {
      LocalServer.json(exchange, 401, "{\"error\":\"Unauthorized\"}");
      return;
    }
    String route = request.method() + " " + request.path();
    if (route.equals("GET /v1/models")) {
      LocalServer.json(exchange, 200, models());
    } else if (route.equals("POST /v1/load_lora_adapter") && runtimeUpdating) {
      load(MAPPER.readTree(request.body()), exchange);
    } else if (route.equals("POST /v1/unload_lora_adapter") && runtimeUpdating) {
      unload(MAPPER.readTree(request.body()).path("lora_name").asText(), exchange);
    } else {
      LocalServer.json(exchange, 404, "{\"detail\":\"Not Found\"}");
    }
  }

  private void load(JsonNode body, HttpExchange exchange) throws IOException {
    String name = body.path("lora_name").asText();
    String path = body.path("lora_path").asText();
    boolean replace = inPlace && body.path("load_inplace").asBoolean();
    if (loaded.containsKey(name) && !replace) {
      refuse(
          exchange,
          400,
          "InvalidUserInput",
          "The lora adapter '" + name + "' has already been loaded.");
    } else if (path.contains("missing")) {
      refuse(
          exchange,
          404,
          "NotFoundError",
          "Loading lora " + name + " failed: No adapter found for " + path);
    } else if (path.contains("large")) {
      refuse(
          exchange, 500, "InternalServerError", "LoRA rank 64 is greater than max_lora_rank 16.");
    } else {
      loaded.put(name, path);
      LocalServer.send(
          exchange, 200, "text/plain", "Success: LoRA adapter '" + name + "' added successfully.");
    }
  }

  private void unload(String name, HttpExchange exchange) throws IOException {
    if (loaded.remove(name) == null) {
      refuse(exchange, 404, "NotFoundError", "The lora adapter '" + name + "' cannot be found.");
    } else {
      LocalServer.send(
          exchange,
          200,
          "text/plain",
          "Success: LoRA adapter '" + name + "' removed successfully.");
    }
  }

  private static void refuse(HttpExchange exchange, int status, String type, String message)
      throws IOException {
    ObjectNode root = MAPPER.createObjectNode();
    ObjectNode error = root.putObject("error");
    error.put("message", message).put("type", type).putNull("param").put("code", status);
    LocalServer.json(exchange, status, root.toString());
  }

  private String models() {
    ObjectNode root = MAPPER.createObjectNode().put("object", "list");
    ArrayNode data = root.putArray("data");
    data.addObject().put("id", BASE).put("object", "model").put("root", BASE).putNull("parent");
    loaded.forEach(
        (name, path) ->
            data.addObject()
                .put("id", name)
                .put("object", "model")
                .put("root", path)
                .put("parent", BASE));
    return root.toString();
  }
}
