package io.github.dnd4j.serving;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import java.io.IOException;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;

/** What SGLang answers about adapters, by its documentation and source. */
final class SglangBehaviour implements LocalServer.Behaviour {

  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final String BASE = "Qwen/Qwen2.5-0.5B-Instruct";

  private final Map<String, String> loaded = new ConcurrentSkipListMap<>();
  private boolean lora = true;

  /** As without {@code --enable-lora}. */
  SglangBehaviour withoutLora() {
    lora = false;
    return this;
  }

  @Override
  public void answer(LocalServer.Request request, HttpExchange exchange) throws IOException {
    String route = request.method() + " " + request.path();
    switch (route) {
      case "GET /v1/models" -> LocalServer.json(exchange, 200, models());
      case "POST /load_lora_adapter" -> load(MAPPER.readTree(request.body()), exchange);
      case "POST /unload_lora_adapter" ->
          unload(MAPPER.readTree(request.body()).path("lora_name").asText(), exchange);
      default -> LocalServer.json(exchange, 404, "{\"detail\":\"Not Found\"}");
    }
  }

  private void load(JsonNode body, HttpExchange exchange) throws IOException {
    String name = body.path("lora_name").asText();
    String path = body.path("lora_path").asText();
    if (!lora) {
      result(exchange, "LoRA is not enabled. Please set `--enable-lora` to enable LoRA.");
    } else if (loaded.containsKey(name)) {
      result(exchange, "LoRA with name " + name + " already exists. Loaded LoRAs: " + loaded);
    } else if (path.contains("missing")) {
      result(exchange, "Failed to load LoRA adapter " + name + ": no such file");
    } else {
      loaded.put(name, path);
      result(exchange, "");
    }
  }

  private void unload(String name, HttpExchange exchange) throws IOException {
    boolean there = loaded.remove(name) != null;
    result(
        exchange,
        there ? "" : "LoRA with name " + name + " does not exist. Loaded LoRAs: dict_keys([])");
  }

  private void result(HttpExchange exchange, String error) throws IOException {
    ObjectNode root = MAPPER.createObjectNode().put("success", error.isEmpty());
    root.put("error_message", error);
    ObjectNode adapters = root.putObject("loaded_adapters");
    loaded.forEach(adapters::put);
    LocalServer.json(exchange, error.isEmpty() ? 200 : 400, root.toString());
  }

  private String models() {
    ObjectNode root = MAPPER.createObjectNode().put("object", "list");
    ArrayNode data = root.putArray("data");
    data.addObject().put("id", BASE).put("root", BASE).putNull("parent");
    loaded.forEach(
        (name, path) -> data.addObject().put("id", name).put("root", path).put("parent", BASE));
    return root.toString();
  }
}
