package io.github.dnd4j.serving;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.dnd4j.InvalidInputException;
import io.github.dnd4j.lora.LoraAdapter;
import io.github.dnd4j.lora.LoraAlgebra;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SglangServerTest {

  private static final String PATH = "/adapters/my-task";

  @TempDir private Path folder;

  @Test
  void anAdapterIsLoadedListedAndUnloaded() {
    try (LocalServer local = new LocalServer(new SglangBehaviour())) {
      // given
      AdapterServer server = SglangServer.at(local.uri()).withApiKey("key");
      // when
      server.load("my-task", PATH);
      // then
      assertThat(server.adapters())
          .containsExactly(new ServedAdapter("my-task", PATH, "Qwen/Qwen2.5-0.5B-Instruct"));
      // when
      server.unload("my-task");
      // then
      assertThat(server.adapters()).isEmpty();
      assertThat(local.requests().get(0))
          .isEqualTo(
              new LocalServer.Request(
                  "POST",
                  "/load_lora_adapter",
                  "Bearer key",
                  "application/json",
                  "{\"lora_name\":\"my-task\",\"lora_path\":\"" + PATH + "\"}"));
    }
  }

  @Test
  void anAdapterIsReplacedByUnloadingItFirst() {
    try (LocalServer local = new LocalServer(new SglangBehaviour())) {
      // given
      AdapterServer server = SglangServer.at(local.uri());
      server.replace("my-task", PATH);
      assertThatThrownBy(() -> server.load("my-task", PATH))
          .isInstanceOf(AdapterServerException.class)
          .hasMessageContainingAll("SGLang at " + local.uri(), "already exists", "replace");
      // when
      server.replace("my-task", "/adapters/second");
      // then
      assertThat(server.adapters())
          .extracting(ServedAdapter::path)
          .containsExactly("/adapters/second");
    }
  }

  @Test
  void refusalsSayWhatHelps() {
    try (LocalServer local = new LocalServer(new SglangBehaviour())) {
      AdapterServer server = SglangServer.at(local.uri());
      assertThatThrownBy(() -> server.unload("other"))
          .isInstanceOf(AdapterServerException.class)
          .hasMessageContainingAll("'other'", "does not exist", "List the adapters");
      assertThatThrownBy(() -> server.load("my-task", "/missing"))
          .isInstanceOf(AdapterServerException.class)
          .hasMessageContainingAll("no such file", "the path one that the server sees");
    }
    try (LocalServer local = new LocalServer(new SglangBehaviour().withoutLora())) {
      assertThatThrownBy(() -> SglangServer.at(local.uri()).load("my-task", PATH))
          .isInstanceOf(AdapterServerException.class)
          .hasMessageContaining("Start SGLang with --enable-lora");
    }
  }

  @Test
  void anotherServerIsRecognized() {
    try (LocalServer local = new LocalServer(new VllmBehaviour())) {
      assertThatThrownBy(() -> SglangServer.at(local.uri()).load("my-task", PATH))
          .isInstanceOf(AdapterServerException.class)
          .hasMessageContaining("Is this the address of SGLang?");
    }
    try (LocalServer local =
        new LocalServer((request, exchange) -> LocalServer.json(exchange, 200, "{}"))) {
      assertThatThrownBy(() -> SglangServer.at(local.uri()).load("my-task", PATH))
          .isInstanceOf(AdapterServerException.class)
          .hasMessageContaining("answered HTTP 200");
    }
  }

  @Test
  void scalesThatItWouldGetWrongAreRefused() {
    try (LocalServer local = new LocalServer(new SglangBehaviour())) {
      SglangServer server = SglangServer.at(local.uri()).withMaxLoraRank(8);
      Path directory = Adapters.save(Adapters.rankStabilized(4), folder.resolve("rslora"));
      assertThatThrownBy(() -> server.load("my-task", directory))
          .isInstanceOf(InvalidInputException.class)
          .hasMessageContainingAll("the scale 8.0", "would use 4.0", "use_rslora");
      try (LoraAdapter adapter = Adapters.of(Adapters.plain(16))) {
        assertThatThrownBy(() -> server.check(adapter))
            .isInstanceOf(InvalidInputException.class)
            .hasMessageContaining("at most 8");
      }
      // then nothing was sent; and the scales can be made even
      assertThat(local.requests()).isEmpty();
      try (LoraAdapter adapter = LoraAdapter.load(directory);
          LoraAdapter even = LoraAlgebra.reduceRank(adapter, 4).adapter()) {
        server.check(even);
      }
    }
  }
}
