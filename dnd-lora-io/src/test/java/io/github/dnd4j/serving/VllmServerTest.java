package io.github.dnd4j.serving;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.dnd4j.FileAccessException;
import io.github.dnd4j.FileFormatException;
import io.github.dnd4j.InvalidInputException;
import io.github.dnd4j.lora.LoraAdapter;
import io.github.dnd4j.lora.LoraConfig;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class VllmServerTest {

  private static final String KEY = "sk-very-secret";
  private static final String PATH = "/adapters/my-task";

  @TempDir private Path folder;

  @Test
  void anAdapterIsLoadedListedAndUnloaded() {
    try (LocalServer local = new LocalServer(new VllmBehaviour())) {
      // given
      AdapterServer server = VllmServer.at(local.uri());
      assertThat(server.adapters()).isEmpty();
      // when
      server.load("my-task", PATH);
      // then it is listed, and the base model is not
      assertThat(server.adapters())
          .containsExactly(new ServedAdapter("my-task", PATH, "Qwen/Qwen2.5-0.5B-Instruct"));
      // when
      server.unload("my-task");
      // then
      assertThat(server.adapters()).isEmpty();
    }
  }

  @Test
  void theRequestHasTheDocumentedForm() {
    try (LocalServer local = new LocalServer(new VllmBehaviour())) {
      VllmServer.at(URI.create(local.uri() + "/v1/")).load("my-task", PATH);
      assertThat(local.requests())
          .containsExactly(
              new LocalServer.Request(
                  "POST",
                  "/v1/load_lora_adapter",
                  null,
                  "application/json",
                  "{\"lora_name\":\"my-task\",\"lora_path\":\"" + PATH + "\"}"));
    }
  }

  @Test
  void anAdapterIsReplacedOnlyOnDemand() {
    try (LocalServer local = new LocalServer(new VllmBehaviour())) {
      // given
      AdapterServer server = VllmServer.at(local.uri());
      server.load("my-task", PATH);
      // when, then
      assertThatThrownBy(() -> server.load("my-task", "/adapters/second"))
          .isInstanceOfSatisfying(
              AdapterServerException.class, e -> assertThat(e.status()).hasValue(400))
          .hasMessageContainingAll(
              "vLLM at " + local.uri(), "'my-task'", "has already been loaded", "replace");
      // when
      server.replace("my-task", "/adapters/second");
      // then
      assertThat(server.adapters())
          .extracting(ServedAdapter::path)
          .containsExactly("/adapters/second");
    }
  }

  @Test
  void anOldServerCannotReplace() {
    try (LocalServer local = new LocalServer(new VllmBehaviour().withoutReplacing())) {
      AdapterServer server = VllmServer.at(local.uri());
      server.load("my-task", PATH);
      assertThatThrownBy(() -> server.replace("my-task", PATH))
          .isInstanceOf(AdapterServerException.class)
          .hasMessageContaining("unload it first");
    }
  }

  @Test
  void anUnknownAdapterCannotBeUnloaded() {
    try (LocalServer local = new LocalServer(new VllmBehaviour())) {
      assertThatThrownBy(() -> VllmServer.at(local.uri()).unload("other"))
          .isInstanceOf(AdapterServerException.class)
          .hasMessageContainingAll("'other'", "HTTP 404", "cannot be found", "List the adapters")
          .hasMessageNotContaining("VLLM_ALLOW");
    }
  }

  @Test
  void aServerThatMayNotBeUpdatedSaysHowItMay() {
    try (LocalServer local = new LocalServer(new VllmBehaviour().withoutRuntimeUpdating())) {
      assertThatThrownBy(() -> VllmServer.at(local.uri()).load("my-task", PATH))
          .isInstanceOf(AdapterServerException.class)
          .hasMessageContainingAll("404", "--enable-lora", "VLLM_ALLOW_RUNTIME_LORA_UPDATING=True");
    }
  }

  @Test
  void aPathThatTheServerDoesNotSeeIsNamed() {
    try (LocalServer local = new LocalServer(new VllmBehaviour())) {
      assertThatThrownBy(() -> VllmServer.at(local.uri()).load("my-task", "/missing"))
          .isInstanceOf(AdapterServerException.class)
          .hasMessageContainingAll("No adapter found for /missing", "one that the server sees");
    }
  }

  @Test
  void aRankThatTheServerRefusesIsExplained() {
    try (LocalServer local = new LocalServer(new VllmBehaviour())) {
      assertThatThrownBy(() -> VllmServer.at(local.uri()).load("my-task", "/large"))
          .isInstanceOf(AdapterServerException.class)
          .hasMessageContainingAll("HTTP 500", "rank 64", "--max-lora-rank");
    }
  }

  @Test
  void olderVersionsHaveFlatErrors() {
    try (LocalServer local =
        new LocalServer(
            (request, exchange) ->
                LocalServer.json(
                    exchange,
                    400,
                    "{\"object\":\"error\",\"message\":\"Both must be"
                        + " provided.\",\"code\":400}"))) {
      assertThatThrownBy(() -> VllmServer.at(local.uri()).load("my-task", PATH))
          .hasMessageContaining("'Both must be provided.'");
    }
  }

  @Test
  void theKeyIsSentAndNeverShown() {
    try (LocalServer local = new LocalServer(new VllmBehaviour().withApiKey(KEY))) {
      VllmServer server = VllmServer.at(local.uri());
      // without it
      assertThatThrownBy(server::adapters)
          .isInstanceOfSatisfying(
              AdapterServerException.class, e -> assertThat(e.status()).hasValue(401))
          .hasMessageContainingAll("Unauthorized", "wants an API key");
      // with a wrong one
      assertThatThrownBy(() -> server.withApiKey("wrong-key").load("my-task", PATH))
          .hasMessageContaining("does not take the API key")
          .hasMessageNotContaining("wrong-key");
      // with the right one
      VllmServer known = server.withApiKey(KEY);
      known.load("my-task", PATH);
      assertThat(local.requests()).last().extracting("key").isEqualTo("Bearer " + KEY);
      assertThat(known).hasToString("vLLM at " + local.uri());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"", " ", "a/b", "a\\b", "../a", "a:b", "a b", "-a", ".a", "a\nb", "ä"})
  void namesThatServersStumbleOverAreNotSent(String name) {
    try (LocalServer local = new LocalServer(new VllmBehaviour())) {
      AdapterServer server = VllmServer.at(local.uri());
      assertThatThrownBy(() -> server.load(name, PATH))
          .isInstanceOf(InvalidInputException.class)
          .hasMessageContaining("the adapter's name")
          .hasMessageNotContaining("\n");
      assertThat(local.requests()).isEmpty();
    }
  }

  @Test
  void aDirectoryIsSentAsAnAbsolutePath() {
    try (LocalServer local = new LocalServer(new VllmBehaviour())) {
      // given
      Path directory = Adapters.save(Adapters.plain(4), folder.resolve("adapter"));
      AdapterServer server = VllmServer.at(local.uri()).withMaxLoraRank(4);
      // when
      server.load("my-task", Path.of("").toAbsolutePath().relativize(directory));
      server.replace("my-task", directory);
      // then
      assertThat(server.adapters())
          .extracting(ServedAdapter::path)
          .containsExactly(directory.toString());
    }
  }

  @Test
  void aDirectoryIsCheckedBeforeItIsSent() throws IOException {
    try (LocalServer local = new LocalServer(new VllmBehaviour())) {
      AdapterServer server = VllmServer.at(local.uri()).withMaxLoraRank(16);
      // a rank that is too large
      Path large = Adapters.save(Adapters.plain(32), folder.resolve("large"));
      assertThatThrownBy(() -> server.load("my-task", large))
          .isInstanceOf(InvalidInputException.class)
          .hasMessageContainingAll(Adapters.QUERY, "rank 32", "at most 16", "--max-lora-rank 32");
      // more than LoRA
      Path dora = Adapters.save(Adapters.plain(4), folder.resolve("dora"));
      change(dora, "\"use_dora\" : false", "\"use_dora\" : true");
      assertThatThrownBy(() -> server.load("my-task", dora))
          .isInstanceOf(FileFormatException.class)
          .hasMessageContaining("use_dora");
      Path modules = Adapters.save(Adapters.plain(4), folder.resolve("modules"));
      change(modules, "\"modules_to_save\" : null", "\"modules_to_save\" : [\"lm_head\"]");
      assertThatThrownBy(() -> server.load("my-task", modules))
          .isInstanceOf(FileFormatException.class)
          .hasMessageContaining("modules_to_save");
      // nothing
      assertThatThrownBy(() -> server.load("my-task", folder.resolve("nothing")))
          .isInstanceOf(FileAccessException.class);
      // and nothing was sent
      assertThat(local.requests()).isEmpty();
    }
  }

  private static void change(Path directory, String from, String to) throws IOException {
    Path config = directory.resolve("adapter_config.json");
    String text = Files.readString(config);
    assertThat(text).contains(from);
    Files.writeString(config, text.replace(from, to));
  }

  @Test
  void oneScaleForAllModulesIsServed() {
    VllmServer server = VllmServer.at(URI.create("http://localhost:8000"));
    LoraConfig sameScale =
        new LoraConfig(
            4,
            16,
            false,
            0,
            "base",
            LoraConfig.CAUSAL_LM,
            Map.of("v_proj", 2),
            Map.of("v_proj", 8.0));
    for (LoraConfig config : List.of(Adapters.plain(4), Adapters.rankStabilized(4), sameScale)) {
      try (LoraAdapter adapter = Adapters.of(config)) {
        server.check(adapter);
      }
    }
    try (LoraAdapter adapter = Adapters.of(Adapters.alphaOfValues(8))) {
      assertThatThrownBy(() -> server.check(adapter))
          .isInstanceOf(InvalidInputException.class)
          .hasMessageContainingAll(Adapters.VALUE, "the scale 2.0", "would use 4.0");
    }
  }
}
