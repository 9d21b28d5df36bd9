package io.github.dnd4j.serving;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.dnd4j.InvalidInputException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Servers that are slow, broken, hostile or not there. */
@Timeout(120)
class ServerConnectionTest {

  private static final Duration SHORT = Duration.ofMillis(300);
  private static final String KEY = "sk-very-secret";

  @Test
  void nobodyListens() throws IOException {
    int port;
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = socket.getLocalPort();
    }
    VllmServer server = VllmServer.at(URI.create("http://127.0.0.1:" + port));
    assertThatThrownBy(() -> server.load("my-task", "/a"))
        .isInstanceOfSatisfying(AdapterServerException.class, e -> assertThat(e.status()).isEmpty())
        .hasMessageContainingAll(
            "vLLM at http://127.0.0.1:" + port,
            "'my-task'",
            "no connection",
            "Is the server running");
  }

  @Test
  void aServerThatSaysNothingIsGivenUp() {
    AtomicReference<LocalServer> self = new AtomicReference<>();
    try (LocalServer local = new LocalServer((request, exchange) -> self.get().hang())) {
      self.set(local);
      VllmServer server = VllmServer.at(local.uri()).withTimeout(SHORT);
      assertThatThrownBy(() -> server.load("my-task", "/a"))
          .isInstanceOf(AdapterServerException.class)
          .hasMessageContainingAll("within 0.3 s", "'my-task'", "allow more time");
    }
  }

  @Test
  void aServerThatNeverEndsItsAnswerIsGivenUp() {
    AtomicReference<LocalServer> self = new AtomicReference<>();
    try (LocalServer local =
        new LocalServer(
            (request, exchange) -> {
              exchange.sendResponseHeaders(200, 1000);
              exchange.getResponseBody().write('{');
              exchange.getResponseBody().flush();
              self.get().hang();
            })) {
      self.set(local);
      VllmServer server = VllmServer.at(local.uri()).withTimeout(SHORT);
      assertThatThrownBy(server::adapters)
          .isInstanceOf(AdapterServerException.class)
          .hasMessageContaining("did not answer within");
    }
  }

  @Test
  void aConnectionThatBreaksIsReported() {
    try (LocalServer local = new LocalServer((request, exchange) -> exchange.close())) {
      VllmServer server = VllmServer.at(local.uri());
      assertThatThrownBy(() -> server.load("my-task", "/a"))
          .isInstanceOfSatisfying(
              AdapterServerException.class, e -> assertThat(e.status()).isEmpty())
          .hasMessageContainingAll("cannot ask vLLM", "'my-task'", "the connection broke");
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {200, 404, 502})
  void aPageForPeopleIsNoAnswer(int status) {
    try (LocalServer local =
        new LocalServer(
            (request, exchange) ->
                LocalServer.send(exchange, status, "text/html", "<html>Welcome</html>"))) {
      VllmServer server = VllmServer.at(local.uri());
      assertThatThrownBy(() -> server.load("my-task", "/a"))
          .isInstanceOf(AdapterServerException.class)
          .hasMessageContainingAll("HTTP " + status, "an HTML page")
          .hasMessageNotContaining("Welcome");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "ok", "[]", "{\"data\":{}}", "{\"data\":[", "null"})
  void whatIsNoListIsNoList(String body) {
    try (LocalServer local =
        new LocalServer((request, exchange) -> LocalServer.json(exchange, 200, body))) {
      VllmServer server = VllmServer.at(local.uri());
      assertThatThrownBy(server::adapters)
          .isInstanceOf(AdapterServerException.class)
          .hasMessageContaining("no list of models");
    }
  }

  @Test
  void deepJsonIsNotFollowed() {
    String deep = "[".repeat(100_000);
    try (LocalServer local =
        new LocalServer((request, exchange) -> LocalServer.json(exchange, 200, deep))) {
      VllmServer server = VllmServer.at(local.uri());
      assertThatThrownBy(server::adapters)
          .isInstanceOf(AdapterServerException.class)
          .satisfies(e -> assertThat(e.getMessage()).hasSizeLessThan(1000));
    }
  }

  @Test
  void anAnswerWithoutEndIsNotReadToIt() {
    try (LocalServer local =
        new LocalServer(
            (request, exchange) -> {
              exchange.sendResponseHeaders(200, 0);
              byte[] megabyte = new byte[1 << 20];
              // Until the client hangs up, which makes writing fail.
              while (true) {
                exchange.getResponseBody().write(megabyte);
              }
            })) {
      VllmServer server = VllmServer.at(local.uri());
      assertThatThrownBy(server::adapters)
          .isInstanceOf(AdapterServerException.class)
          .hasMessageContaining("answered more than 8388608 bytes");
    }
  }

  @Test
  void redirectsAreNotFollowed() {
    try (LocalServer other = new LocalServer(new VllmBehaviour());
        LocalServer local =
            new LocalServer(
                (request, exchange) -> {
                  exchange.getResponseHeaders().set("Location", other.uri() + request.path());
                  exchange.sendResponseHeaders(307, -1);
                })) {
      VllmServer server = VllmServer.at(local.uri()).withApiKey(KEY);
      assertThatThrownBy(() -> server.load("my-task", "/a"))
          .isInstanceOf(AdapterServerException.class)
          .hasMessageContainingAll("HTTP 307", other.uri().toString(), "not followed");
      assertThat(other.requests()).isEmpty();
    }
  }

  @Test
  void aKeyThatIsRepeatedIsHidden() {
    try (LocalServer local =
        new LocalServer(
            (request, exchange) ->
                LocalServer.json(exchange, 400, "{\"message\":\"got " + request.key() + "\"}"))) {
      VllmServer server = VllmServer.at(local.uri()).withApiKey(KEY);
      assertThatThrownBy(() -> server.load("my-task", "/a"))
          .hasMessageContaining("got Bearer ***")
          .hasMessageNotContaining(KEY);
    }
  }

  @Test
  void messagesAreOneShortLine() {
    String lines = "first\\nsecond\\u001b[31m" + "x".repeat(10_000);
    try (LocalServer local =
        new LocalServer(
            (request, exchange) ->
                LocalServer.json(exchange, 422, "{\"detail\":[{\"msg\":\"" + lines + "\"}]}"))) {
      VllmServer server = VllmServer.at(local.uri());
      assertThatThrownBy(() -> server.load("my-task", "/a"))
          .hasMessageContaining("'first second [31mxxx")
          .satisfies(e -> assertThat(e.getMessage()).hasSizeLessThan(1000));
    }
  }

  @Test
  void anInterruptedThreadStopsWaitingAndStaysInterrupted() {
    AtomicReference<LocalServer> self = new AtomicReference<>();
    try (LocalServer local = new LocalServer((request, exchange) -> self.get().hang())) {
      self.set(local);
      VllmServer server = VllmServer.at(local.uri());
      Thread.currentThread().interrupt();
      assertThatThrownBy(server::adapters)
          .isInstanceOf(AdapterServerException.class)
          .hasMessageContaining("interrupted");
      assertThat(Thread.interrupted()).isTrue();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "localhost:8000",
        "ftp://localhost",
        "http:/localhost",
        "/v1",
        "http://user:secret@localhost",
        "http://localhost?key=secret",
        "http://localhost#secret"
      })
  void whatIsNoAddressOfAServerIsRefused(String uri) {
    assertThatThrownBy(() -> VllmServer.at(URI.create(uri)))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageNotContaining("secret");
  }

  @Test
  void aPathBeforeTheServersIsKept() {
    assertThat(VllmServer.at(URI.create("https://example.org/vllm/v1/")).uri())
        .hasToString("https://example.org/vllm");
    assertThat(SglangServer.at(URI.create("http://localhost:30000/")).uri())
        .hasToString("http://localhost:30000");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "two words", "line\n", "ключ"})
  void aKeyThatCannotBeSentIsNotShownEither(String key) {
    VllmServer server = VllmServer.at(URI.create("http://localhost:8000"));
    assertThatThrownBy(() -> server.withApiKey(key))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageStartingWith("the API key")
        .hasMessageNotContainingAny("words", "line\n", "ключ");
  }

  @ParameterizedTest
  @ValueSource(longs = {0, -1, Long.MAX_VALUE})
  void timeOutsAreOfThisWorld(long seconds) {
    VllmServer server = VllmServer.at(URI.create("http://localhost:8000"));
    assertThatThrownBy(() -> server.withTimeout(Duration.ofSeconds(seconds)))
        .isInstanceOf(InvalidInputException.class);
  }
}
