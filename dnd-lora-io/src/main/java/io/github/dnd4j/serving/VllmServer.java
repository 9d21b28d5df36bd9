package io.github.dnd4j.serving;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.dnd4j.lora.LoraAdapter;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Locale;

/**
 * A running vLLM server. It has to be started with {@code --enable-lora} and the environment
 * variable {@code VLLM_ALLOW_RUNTIME_LORA_UPDATING=True}, and with {@code --max-lora-rank} if an
 * adapter's rank is above 16; requests then name the adapter as their {@code model}.
 *
 * <pre>{@code
 * VllmServer server = VllmServer.at(URI.create("http://localhost:8000"))
 *     .withApiKey(System.getenv("VLLM_API_KEY"))
 *     .withMaxLoraRank(16);
 * server.load("my-task", Path.of("my-adapter"));
 * }</pre>
 *
 * <p>Endpoints: {@code POST /v1/load_lora_adapter}, {@code POST /v1/unload_lora_adapter} and {@code
 * GET /v1/models}, as vLLM's documentation of LoRA adapters has them. The variable lets whoever
 * reaches the server change its adapters, and vLLM's documentation warns of it in production.
 */
public final class VllmServer implements AdapterServer {

  private final ServerConnection connection;
  private final AdapterLimits limits;

  private VllmServer(ServerConnection connection, AdapterLimits limits) {
    this.connection = connection;
    this.limits = limits;
  }

  /**
   * The server at an address.
   *
   * @param uri its base address, for example {@code http://localhost:8000}; {@code /v1} at its end
   *     is left out
   * @return the server, with a time-out of 60 seconds and without an API key
   * @throws io.github.dnd4j.InvalidInputException if that is no address of a server
   */
  public static VllmServer at(URI uri) {
    ServerConnection connection = ServerConnection.to("vLLM", uri);
    return new VllmServer(connection, AdapterLimits.unknown("vLLM", true));
  }

  /**
   * Sends a key with every request, as {@code Authorization: Bearer}.
   *
   * @param apiKey what the server was started with as {@code --api-key} or {@code VLLM_API_KEY}
   * @return a server with this key
   * @throws io.github.dnd4j.InvalidInputException if it cannot stand in a header
   */
  public VllmServer withApiKey(String apiKey) {
    return new VllmServer(connection.withApiKey(apiKey), limits);
  }

  /**
   * Waits this long for the end of each answer.
   *
   * @param timeout how long, above 0 and at most a day
   * @return a server with this time-out
   * @throws io.github.dnd4j.InvalidInputException if it is out of range
   */
  public VllmServer withTimeout(Duration timeout) {
    return new VllmServer(connection.withTimeout(timeout), limits);
  }

  /**
   * States what the server was started with, so that {@link #check} can refuse larger ranks.
   *
   * @param rank the value of {@code --max-lora-rank}; vLLM's default is 16
   * @return a server with this limit
   * @throws io.github.dnd4j.InvalidInputException if it is below 1
   */
  public VllmServer withMaxLoraRank(int rank) {
    return new VllmServer(connection, limits.withMaxRank(rank));
  }

  @Override
  public URI uri() {
    return connection.uri();
  }

  /**
   * {@inheritDoc}
   *
   * <p>What is refused: a rank above {@link #withMaxLoraRank}, and scales that differ between
   * modules, since vLLM up to version 0.30 does not read {@code rank_pattern} and {@code
   * alpha_pattern} and would use one scale for all.
   */
  @Override
  public void check(LoraAdapter adapter) {
    limits.check(adapter);
  }

  @Override
  public void load(String name, String path) {
    load(name, path, false);
  }

  /**
   * {@inheritDoc}
   *
   * <p>With {@code load_inplace}, which older versions do not know: there {@link #unload} first.
   */
  @Override
  public void replace(String name, String path) {
    load(name, path, true);
  }

  private void load(String name, String path, boolean inPlace) {
    ObjectNode body = Answer.MAPPER.createObjectNode();
    body.put("lora_name", AdapterNames.checked(name));
    body.put("lora_path", AdapterNames.printableOnly(path, "the adapter's path"));
    if (inPlace) {
      body.put("load_inplace", true);
    }
    connection.post(
        "/v1/load_lora_adapter",
        body,
        "load the adapter '" + name + "' from " + path,
        answer -> advice(answer, inPlace));
  }

  @Override
  public void unload(String name) {
    ObjectNode body = Answer.MAPPER.createObjectNode();
    body.put("lora_name", AdapterNames.printableOnly(name, "the adapter's name"));
    connection.post(
        "/v1/unload_lora_adapter",
        body,
        "unload the adapter '" + name + "'",
        answer -> advice(answer, false));
  }

  private static String advice(Answer answer, boolean inPlace) {
    String said = answer.message().toLowerCase(Locale.ROOT);
    if (answer.status() == 404 && isUnknownRoute(answer)) {
      return "Start vLLM with --enable-lora and the environment variable"
          + " VLLM_ALLOW_RUNTIME_LORA_UPDATING=True, and check that this is its address";
    }
    if (said.contains("already been loaded")) {
      return inPlace
          ? "This vLLM cannot replace adapters: unload it first"
          : "Unload it, choose another name, or replace it";
    }
    if (said.contains("cannot be found")) {
      return "List the adapters to see what is loaded";
    }
    if (said.contains("no adapter found")) {
      return "The path has to be one that the server sees: a PEFT directory on its machine or in"
          + " its container";
    }
    if (said.contains("max_lora_rank")) {
      return "Start vLLM with --max-lora-rank of at least the adapter's rank";
    }
    return answer.status() == 500
        ? "See its log. Was it started with --enable-lora, and is the adapter of its model?"
        : "";
  }

  /** vLLM answers 404 too when it does not find an adapter, but then says so. */
  private static boolean isUnknownRoute(Answer answer) {
    String said = answer.message();
    return said.isEmpty() || said.equalsIgnoreCase("not found") || answer.isHtml();
  }

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
