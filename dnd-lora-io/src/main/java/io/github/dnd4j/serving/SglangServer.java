package io.github.dnd4j.serving;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.dnd4j.lora.LoraAdapter;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Locale;

/**
 * A running SGLang server. It has to be started with {@code --enable-lora}, and best with {@code
 * --max-lora-rank} and {@code --lora-target-modules}, which it else takes from the adapters that it
 * starts with. Requests to {@code /generate} then name the adapter as {@code lora_path}, those to
 * {@code /v1/...} as the {@code model} {@code base-model:adapter}.
 *
 * <pre>{@code
 * SglangServer server = SglangServer.at(URI.create("http://localhost:30000"));
 * server.load("my-task", Path.of("my-adapter"));
 * }</pre>
 *
 * <p>Endpoints: {@code POST /load_lora_adapter}, {@code POST /unload_lora_adapter} and {@code GET
 * /v1/models}, as SGLang's documentation of LoRA serving and its source have them. It loads
 * adapters at runtime only without data parallelism.
 */
public final class SglangServer implements AdapterServer {

  private final ServerConnection connection;
  private final AdapterLimits limits;

  private SglangServer(ServerConnection connection, AdapterLimits limits) {
    this.connection = connection;
    this.limits = limits;
  }

  /**
   * The server at an address.
   *
   * @param uri its base address, for example {@code http://localhost:30000}; {@code /v1} at its end
   *     is left out
   * @return the server, with a time-out of 60 seconds and without an API key
   * @throws io.github.dnd4j.InvalidInputException if that is no address of a server
   */
  public static SglangServer at(URI uri) {
    ServerConnection connection = ServerConnection.to("SGLang", uri);
    return new SglangServer(connection, AdapterLimits.unknown("SGLang", false));
  }

  /**
   * Sends a key with every request, as {@code Authorization: Bearer}.
   *
   * @param apiKey what the server was started with as {@code --admin-api-key} if it has one, else
   *     as {@code --api-key}
   * @return a server with this key
   * @throws io.github.dnd4j.InvalidInputException if it cannot stand in a header
   */
  public SglangServer withApiKey(String apiKey) {
    return new SglangServer(connection.withApiKey(apiKey), limits);
  }

  /**
   * Waits this long for the end of each answer. An adapter is unloaded only after the requests that
   * use it.
   *
   * @param timeout how long, above 0 and at most a day
   * @return a server with this time-out
   * @throws io.github.dnd4j.InvalidInputException if it is out of range
   */
  public SglangServer withTimeout(Duration timeout) {
    return new SglangServer(connection.withTimeout(timeout), limits);
  }

  /**
   * States what the server was started with, so that {@link #check} can refuse larger ranks.
   *
   * @param rank the value of {@code --max-lora-rank}, or the largest rank that it started with
   * @return a server with this limit
   * @throws io.github.dnd4j.InvalidInputException if it is below 1
   */
  public SglangServer withMaxLoraRank(int rank) {
    return new SglangServer(connection, limits.withMaxRank(rank));
  }

  @Override
  public URI uri() {
    return connection.uri();
  }

  /**
   * {@inheritDoc}
   *
   * <p>What is refused: a rank above {@link #withMaxLoraRank}, rank-stabilized adapters, and scales
   * that differ between modules, since SGLang scales all modules by {@code lora_alpha / r}.
   */
  @Override
  public void check(LoraAdapter adapter) {
    limits.check(adapter);
  }

  @Override
  public void load(String name, String path) {
    ObjectNode body = Answer.MAPPER.createObjectNode();
    body.put("lora_name", AdapterNames.checked(name));
    body.put("lora_path", AdapterNames.printableOnly(path, "the adapter's path"));
    post("/load_lora_adapter", body, "load the adapter '" + name + "' from " + path);
  }

  /**
   * {@inheritDoc}
   *
   * <p>SGLang cannot do that at once: an adapter of this name is unloaded first, and if the new one
   * cannot be loaded then none is.
   */
  @Override
  public void replace(String name, String path) {
    AdapterNames.checked(name);
    AdapterNames.printableOnly(path, "the adapter's path");
    boolean loaded = adapters().stream().anyMatch(adapter -> adapter.name().equals(name));
    if (loaded) {
      unload(name);
    }
    load(name, path);
  }

  @Override
  public void unload(String name) {
    ObjectNode body = Answer.MAPPER.createObjectNode();
    body.put("lora_name", AdapterNames.printableOnly(name, "the adapter's name"));
    post("/unload_lora_adapter", body, "unload the adapter '" + name + "'");
  }

  private void post(String path, ObjectNode body, String attempt) {
    Answer answer = connection.post(path, body, attempt, SglangServer::advice);
    if (!answer.json().path("success").asBoolean(false)) {
      throw connection.refused(attempt, answer, advice(answer));
    }
  }

  private static String advice(Answer answer) {
    String said = answer.message().toLowerCase(Locale.ROOT);
    if (said.contains("lora is not enabled")) {
      return "Start SGLang with --enable-lora";
    }
    if (said.contains("already exists") || said.contains("already loaded")) {
      return "Unload it, choose another name, or replace it";
    }
    if (said.contains("does not exist. loaded loras")) {
      return "List the adapters to see what is loaded";
    }
    if (said.contains("incompatible") || said.contains("rank")) {
      return "Start SGLang with --max-lora-rank and --lora-target-modules that cover the adapter";
    }
    return answer.status() == 400
        ? "Is the path one that the server sees, and the adapter of its model? See its log"
        : "";
  }

  /**
   * {@inheritDoc}
   *
   * <p>Older versions list no adapters.
   */
  @Override
  public List<ServedAdapter> adapters() {
    return ModelList.adapters(connection);
  }

  /** The product and the address, without the key. */
  @Override
  public String toString() {
    return connection.toString();
  }
}
