package io.github.dnd4j.serving;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.net.http.HttpResponse;
import java.util.Locale;
import java.util.stream.Stream;

/** What a server answered. */
final class Answer {

  private static final int DEEPEST_NESTING = 32;
  private static final int LONGEST_MESSAGE = 500;

  static final ObjectMapper MAPPER =
      JsonMapper.builder(
              JsonFactory.builder()
                  .streamReadConstraints(
                      StreamReadConstraints.builder().maxNestingDepth(DEEPEST_NESTING).build())
                  .build())
          .build();

  private final int status;
  private final String location;
  private final String text;
  private final boolean complete;
  private final boolean html;
  private final JsonNode json;

  Answer(HttpResponse<LimitedBody.Content> response) {
    status = response.statusCode();
    location = response.headers().firstValue("Location").orElse("");
    text = response.body().text().strip();
    complete = response.body().complete();
    html =
        response
                .headers()
                .firstValue("Content-Type")
                .orElse("")
                .toLowerCase(Locale.ROOT)
                .startsWith("text/html")
            || text.startsWith("<");
    json = parse(response.body());
  }

  private static JsonNode parse(LimitedBody.Content body) {
    if (!body.complete()) {
      return MissingNode.getInstance();
    }
    try {
      JsonNode root = MAPPER.readTree(body.text());
      return root == null ? MissingNode.getInstance() : root;
    } catch (JsonProcessingException e) {
      // vLLM says its successes in plain text; who needs JSON asks for it.
      return MissingNode.getInstance();
    }
  }

  int status() {
    return status;
  }

  boolean isSuccess() {
    return status / 100 == 2;
  }

  boolean isRedirect() {
    return status / 100 == 3;
  }

  boolean isComplete() {
    return complete;
  }

  boolean isHtml() {
    return html;
  }

  /** Where a redirect leads, empty if it does not say. */
  String location() {
    return shortened(location);
  }

  /** The content, missing if it is not JSON. */
  JsonNode json() {
    return json;
  }

  /**
   * What the server says for people, on one line; empty if nothing. The servers and the frameworks
   * below them have several forms for it.
   */
  String message() {
    if (html) {
      return "an HTML page";
    }
    return Stream.of(
            json.path("error").path("message"),
            json.path("error"),
            json.path("error_message"),
            json.path("message"),
            json.path("detail").path(0).path("msg"),
            json.path("detail"))
        .filter(JsonNode::isTextual)
        .map(JsonNode::textValue)
        .filter(message -> !message.isBlank())
        .findFirst()
        .map(Answer::shortened)
        .orElseGet(() -> shortened(text));
  }

  private static String shortened(String message) {
    String line = message.replaceAll("[\\s\\p{Cntrl}]+", " ").strip();
    return line.length() <= LONGEST_MESSAGE ? line : line.substring(0, LONGEST_MESSAGE) + "...";
  }
}
