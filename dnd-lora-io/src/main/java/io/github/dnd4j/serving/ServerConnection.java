package io.github.dnd4j.serving;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.dnd4j.InvalidInputException;
import io.github.dnd4j.internal.Checks;
import java.io.UncheckedIOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.channels.UnresolvedAddressException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import java.util.regex.Pattern;
import javax.net.ssl.SSLException;

/** Asks one server over HTTP, with limits on time and size, and explains what goes wrong. */
final class ServerConnection {

  /** Large models share an adapter's weights out over many devices before they answer. */
  private static final Duration DEFAULT_TIMEOUT = Duration.ofSeconds(60);

  private static final Duration LONGEST_TIMEOUT = Duration.ofDays(1);

  /** Room for the list of some thousand adapters. */
  private static final int LARGEST_ANSWER = 8 << 20;

  private static final Pattern HEADER_VALUE = Pattern.compile("[!-~]+");

  /**
   * Of HTTP/1.1, since the servers do not speak HTTP/2 and some lose the body of a request that
   * offers to. A redirect would send the key elsewhere.
   */
  private static final HttpClient CLIENT =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .followRedirects(HttpClient.Redirect.NEVER)
          .build();

  private final String product;
  private final URI uri;
  private final String apiKey;
  private final Duration timeout;

  private ServerConnection(String product, URI uri, String apiKey, Duration timeout) {
    this.product = product;
    this.uri = uri;
    this.apiKey = apiKey;
    this.timeout = timeout;
  }

  /** A connection without a key, with the default time-out. */
  static ServerConnection to(String product, URI uri) {
    return new ServerConnection(product, base(uri), null, DEFAULT_TIMEOUT);
  }

  ServerConnection withApiKey(String newKey) {
    Checks.notBlank(newKey, "the API key");
    if (!HEADER_VALUE.matcher(newKey).matches()) {
      // Without the key: it is a secret even when it is wrong.
      throw new InvalidInputException(
          "the API key has a space, a line break or another character that no header may have: is"
              + " there one at its end?");
    }
    return new ServerConnection(product, uri, newKey, timeout);
  }

  ServerConnection withTimeout(Duration newTimeout) {
    Checks.notNull(newTimeout, "timeout");
    if (newTimeout.isNegative()
        || newTimeout.isZero()
        || newTimeout.compareTo(LONGEST_TIMEOUT) > 0) {
      throw new InvalidInputException(
          "the time-out must be above 0 and at most a day, but is " + newTimeout);
    }
    return new ServerConnection(product, uri, apiKey, newTimeout);
  }

  private static URI base(URI uri) {
    Checks.notNull(uri, "uri");
    String scheme = String.valueOf(uri.getScheme()).toLowerCase(Locale.ROOT);
    if (!(scheme.equals("http") || scheme.equals("https")) || uri.getHost() == null) {
      throw new InvalidInputException(
          "the server's address must be like http://localhost:8000, but is "
              + (uri.getRawUserInfo() == null ? uri : "without http:// or a host"));
    }
    if (uri.getRawUserInfo() != null || uri.getRawQuery() != null || uri.getRawFragment() != null) {
      throw new InvalidInputException(
          "the address of the server "
              + uri.getHost()
              + " must not have a user, a query or a fragment: give a key by withApiKey");
    }
    // Clients of the OpenAI interface are told the address with /v1.
    String text = uri.toString().replaceFirst("/+$", "").replaceFirst("/v1$", "");
    return URI.create(text.replaceFirst("/+$", ""));
  }

  URI uri() {
    return uri;
  }

  /** The server as messages name it. */
  @Override
  public String toString() {
    return product + " at " + uri;
  }

  /** The JSON list under a field of what is at a path. */
  List<JsonNode> getList(
      String path, String field, String attempt, Function<Answer, String> advice) {
    Answer answer = send(request(path).GET(), attempt, advice);
    JsonNode list = answer.json().path(field);
    if (!list.isArray()) {
      throw failure(
          attempt, answer, "answered no list of models: " + quoted(answer), "Is this its address?");
    }
    List<JsonNode> elements = new ArrayList<>();
    list.forEach(elements::add);
    return elements;
  }

  /** What a server says to a JSON object; {@code advice} knows what helps when it refuses. */
  Answer post(String path, ObjectNode body, String attempt, Function<Answer, String> advice) {
    HttpRequest.Builder request =
        request(path)
            .header("Content-Type", "application/json")
            .POST(BodyPublishers.ofByteArray(bytes(body)));
    return send(request, attempt, advice);
  }

  private static byte[] bytes(ObjectNode body) {
    try {
      return Answer.MAPPER.writeValueAsBytes(body);
    } catch (JsonProcessingException e) {
      throw new UncheckedIOException(e);
    }
  }

  private HttpRequest.Builder request(String path) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(uri + path)).header("Accept", "application/json");
    if (apiKey != null) {
      request.header("Authorization", "Bearer " + apiKey);
    }
    return request;
  }

  private Answer send(
      HttpRequest.Builder request, String attempt, Function<Answer, String> advice) {
    Answer answer = new Answer(exchange(request.build(), attempt));
    if (!answer.isComplete()) {
      throw failure(
          attempt,
          answer,
          "answered more than " + LARGEST_ANSWER + " bytes (HTTP " + answer.status() + ")",
          "Is this its address?");
    }
    if (answer.isRedirect()) {
      throw failure(
          attempt,
          answer,
          "redirects (HTTP "
              + answer.status()
              + ") to "
              + (answer.location().isEmpty() ? "nowhere" : answer.location()),
          "Redirects are not followed, since the API key would go there: use the address of the"
              + " server itself");
    }
    if (!answer.isSuccess() || answer.isHtml()) {
      throw refused(attempt, answer, advice.apply(answer));
    }
    return answer;
  }

  /** The whole exchange has to end in time; the time-out of a request would end with its header. */
  private HttpResponse<LimitedBody.Content> exchange(HttpRequest request, String attempt) {
    CompletableFuture<HttpResponse<LimitedBody.Content>> response =
        CLIENT.sendAsync(request, header -> new LimitedBody(LARGEST_ANSWER));
    try {
      return response.get(timeout.toMillis() + 1, TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      response.cancel(true);
      throw new AdapterServerException(
          this
              + " did not answer within "
              + seconds(timeout)
              + " s when asked to "
              + attempt
              + ". It may do so nevertheless: look what is loaded, see its log, or allow more time",
          e);
    } catch (InterruptedException e) {
      response.cancel(true);
      Thread.currentThread().interrupt();
      throw new AdapterServerException(
          "interrupted while "
              + this
              + " was asked to "
              + attempt
              + ". It may do so nevertheless: look what is loaded",
          e);
    } catch (ExecutionException e) {
      throw unreachable(attempt, e.getCause());
    }
  }

  private static String seconds(Duration duration) {
    return String.format(Locale.ROOT, "%.3f", duration.toMillis() / 1000.0)
        .replaceFirst("\\.?0+$", "");
  }

  private AdapterServerException unreachable(String attempt, Throwable cause) {
    String what;
    String advice;
    if (cause instanceof ConnectException
        && cause.getCause() instanceof UnresolvedAddressException) {
      what = "the host " + uri.getHost() + " is not known";
      advice = "Check the address";
    } else if (cause instanceof ConnectException) {
      what = "there is no connection (" + cause.getMessage() + ")";
      advice = "Is the server running, has it loaded its model, and is this its address?";
    } else if (cause instanceof SSLException) {
      what = "there is no secure connection (" + cause.getMessage() + ")";
      advice = "Is it https or http, and does Java trust the certificate?";
    } else {
      what = "the connection broke (" + AdapterNames.printable(String.valueOf(cause)) + ")";
      advice = "See the server's log, and check that this is its address";
    }
    return new AdapterServerException(
        "cannot ask " + this + " to " + attempt + ": " + hideKey(what) + ". " + advice, cause);
  }

  /** For an answer that means no success. */
  AdapterServerException refused(String attempt, Answer answer, String advice) {
    String said = answer.message();
    return failure(
        attempt,
        answer,
        "answered HTTP " + answer.status() + (said.isEmpty() ? "" : ", " + quoted(answer)),
        advice.isEmpty() ? advice(answer) : advice);
  }

  private static String quoted(Answer answer) {
    return answer.isHtml() ? answer.message() : "'" + answer.message() + "'";
  }

  private String advice(Answer answer) {
    return switch (answer.status()) {
      case 401, 403 ->
          apiKey == null
              ? "It wants an API key: give the one that it was started with"
              : "It does not take the API key: give the one that it was started with";
      case 404, 405 -> "Is this the address of " + product + "?";
      case 502, 503, 504 -> "Has it loaded its model? Try again later";
      default -> answer.isHtml() ? "Is this its address?" : "See the server's log";
    };
  }

  private AdapterServerException failure(
      String attempt, Answer answer, String what, String advice) {
    return new AdapterServerException(
        this + ", asked to " + attempt + ", " + hideKey(what) + ". " + advice, answer.status());
  }

  /** A server may repeat what it was sent. */
  private String hideKey(String text) {
    return apiKey == null ? text : text.replace(apiKey, "***");
  }
}
