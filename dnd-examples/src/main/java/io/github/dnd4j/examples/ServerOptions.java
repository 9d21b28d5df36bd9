package io.github.dnd4j.examples;

import io.github.dnd4j.InvalidInputException;
import io.github.dnd4j.serving.AdapterServer;
import io.github.dnd4j.serving.SglangServer;
import io.github.dnd4j.serving.VllmServer;
import java.net.URI;
import java.time.Duration;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Option;

/** Which server a command asks, and how. */
final class ServerOptions {

  /** One of them. */
  static final class Address {

    @Option(
        names = "--vllm",
        required = true,
        paramLabel = "URL",
        description = "The address of a vLLM server, such as http://localhost:8000.")
    private URI vllm;

    @Option(
        names = "--sglang",
        required = true,
        paramLabel = "URL",
        description = "The address of an SGLang server, such as http://localhost:30000.")
    private URI sglang;

    /** Created by picocli. */
    Address() {}
  }

  @ArgGroup(multiplicity = "1")
  private Address address;

  @Option(
      names = "--api-key-variable",
      paramLabel = "NAME",
      description =
          "The environment variable that holds the server's API key (a key on the command line"
              + " would be seen by others).")
  private String keyVariable;

  @Option(
      names = "--timeout",
      paramLabel = "SECONDS",
      defaultValue = "60",
      description = "How long to wait for an answer (default: ${DEFAULT-VALUE}).")
  private long timeout;

  /** Created by picocli. */
  ServerOptions() {}

  AdapterServer server() {
    return server(null);
  }

  /** The server, with the largest rank that it takes if that is known. */
  AdapterServer server(Integer maxRank) {
    Duration wait = Duration.ofSeconds(timeout);
    String key = key();
    if (address.vllm != null) {
      VllmServer server = VllmServer.at(address.vllm).withTimeout(wait);
      server = key == null ? server : server.withApiKey(key);
      return maxRank == null ? server : server.withMaxLoraRank(maxRank);
    }
    SglangServer server = SglangServer.at(address.sglang).withTimeout(wait);
    server = key == null ? server : server.withApiKey(key);
    return maxRank == null ? server : server.withMaxLoraRank(maxRank);
  }

  private String key() {
    if (keyVariable == null) {
      return null;
    }
    String key = System.getenv(keyVariable);
    if (key == null || key.isBlank()) {
      throw new InvalidInputException(
          "the environment variable " + keyVariable + " holds no API key: set it");
    }
    return key;
  }
}
