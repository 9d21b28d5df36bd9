package io.github.dnd4j.examples;

import static io.github.dnd4j.examples.CommandLineRun.dnd;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.github.dnd4j.lora.LoraAdapter;
import io.github.dnd4j.lora.LoraConfig;
import io.github.dnd4j.lora.LoraWeights;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.factory.Nd4j;

@DisplayName("dnd serve, modelfile and llama-command")
class ServeCommandTest {

  private static final String MODELS =
      "{\"data\":[{\"id\":\"qwen\",\"parent\":null},"
          + "{\"id\":\"my-task\",\"root\":\"/adapters/a\",\"parent\":\"qwen\"}]}";

  @TempDir private Path folder;
  private final List<String> asked = Collections.synchronizedList(new ArrayList<>());
  private HttpServer server;
  private String url;

  @BeforeEach
  void start() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/", this::answer);
    server.start();
    url = "http://localhost:" + server.getAddress().getPort();
  }

  @AfterEach
  void stop() {
    server.stop(0);
  }

  /** What both servers say when all is well. */
  private void answer(HttpExchange exchange) throws IOException {
    try (exchange) {
      String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
      asked.add(exchange.getRequestURI() + " " + body);
      boolean list = exchange.getRequestMethod().equals("GET");
      byte[] answer = (list ? MODELS : "{\"success\":true}").getBytes(StandardCharsets.UTF_8);
      exchange.sendResponseHeaders(200, answer.length);
      exchange.getResponseBody().write(answer);
    }
  }

  @Test
  @DisplayName("load, list and unload an adapter of a server")
  void serve() {
    // when
    CommandLineRun load =
        dnd(
            "serve",
            "load",
            "--vllm",
            url,
            "--name",
            "my-task",
            "--server-path",
            "/adapters/a",
            "--replace");
    CommandLineRun list = dnd("serve", "list", "--vllm", url);
    CommandLineRun unload = dnd("serve", "unload", "--sglang", url, "--name", "my-task");
    // then
    assertThat(load.err() + list.err() + unload.err()).isEmpty();
    assertThat(load.out()).contains("loaded my-task into vLLM at " + url);
    assertThat(list.out()).contains("my-task\tqwen\t/adapters/a");
    assertThat(unload.out()).contains("unloaded my-task from SGLang at " + url);
    assertThat(asked)
        .containsExactly(
            "/v1/load_lora_adapter {\"lora_name\":\"my-task\",\"lora_path\":\"/adapters/a\","
                + "\"load_inplace\":true}",
            "/v1/models ",
            "/unload_lora_adapter {\"lora_name\":\"my-task\"}");
  }

  @Test
  @DisplayName("refuse an adapter that is not there before the server is asked")
  void nothingToLoad() {
    CommandLineRun run =
        dnd("serve", "load", "--vllm", url, "--name", "a", "--adapter", folder.resolve("none"));
    assertThat(run.exitCode()).isOne();
    assertThat(run.err()).contains("none");
    assertThat(asked).isEmpty();
  }

  @Test
  @DisplayName("take an API key only from a variable that is set")
  void keyVariable() {
    CommandLineRun run =
        dnd("serve", "list", "--vllm", url, "--api-key-variable", "DND4J_TEST_NOT_SET");
    assertThat(run.exitCode()).isOne();
    assertThat(run.err()).contains("DND4J_TEST_NOT_SET holds no API key");
  }

  @Test
  @DisplayName("write a Modelfile")
  void modelfile() {
    // given
    Path adapter = folder.resolve("a.gguf");
    String layer = "model.layers.0.self_attn.q_proj";
    LoraWeights weights = new LoraWeights(Nd4j.ones(2, 4), Nd4j.ones(4, 2));
    LoraConfig config = LoraConfig.of(2, 4, "Qwen/Qwen2.5-0.5B", LoraConfig.CAUSAL_LM);
    try (LoraAdapter made = new LoraAdapter(config, Map.of(layer, weights), Map.of())) {
      made.save(adapter);
    }
    // when
    Path out = folder.resolve("Modelfile");
    CommandLineRun run =
        dnd(
            "modelfile",
            "--from",
            "qwen2.5:0.5b",
            "--adapter",
            adapter,
            "--parameter",
            "temperature=0",
            "--out",
            out);
    // then
    assertThat(run.err()).isEmpty();
    assertThat(run.out()).contains("ollama create NAME -f " + out);
    assertThat(out).hasContent("FROM qwen2.5:0.5b\nADAPTER ./a.gguf\nPARAMETER temperature 0\n");
  }

  @Test
  @DisplayName("print llama.cpp's command")
  void llamaCommand() {
    CommandLineRun run =
        dnd(
            "llama-command",
            "--model",
            "base.gguf",
            "--adapter",
            "my adapter.gguf",
            "--scale",
            0.5,
            "--",
            "--port",
            8080);
    assertThat(run.err()).isEmpty();
    assertThat(run.out())
        .startsWith("llama-server -m base.gguf --lora-scaled 'my adapter.gguf:0.5' --port 8080");
  }
}
