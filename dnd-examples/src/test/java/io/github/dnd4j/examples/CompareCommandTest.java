package io.github.dnd4j.examples;

import static io.github.dnd4j.examples.CommandLineRun.dnd;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.dnd4j.examples.diagnosis.SmallAdapters;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@DisplayName("dnd compare")
class CompareCommandTest {

  @TempDir private Path folder;

  private Path adapter(String name, float b1, float b2) {
    return SmallAdapters.point(folder.resolve(name), b1, b2);
  }

  private static JsonNode json(CommandLineRun run) throws IOException {
    assertThat(run.exitCode()).as(run.err()).isZero();
    return new ObjectMapper().readTree(run.out());
  }

  @ParameterizedTest
  @CsvSource({
    "3, 4, same, They are the same",
    "3.01, 4, same, They are the same",
    "3.1, 4, same-direction, They do nearly the same",
    "6, 8, same-direction, 'They have the same direction and another strength: the second is 2.000"
        + " times as large as the first, their cosine is 1.00.'",
    "5, 0, related, 'They are related: the second is 1.000 times as large as the first, their"
        + " cosine is 0.60.'",
    "4, -3, unrelated, They are unrelated",
    "-5, 0, partly-opposite, They work against each other in part",
    "-6, -8, opposite, 'They are opposite, one undoes the other'",
    "0, 0, one-does-nothing, The second does nothing."
  })
  @DisplayName("says in words how (3, 4) and another adapter stand to each other")
  void relations(float b1, float b2, String relation, String words) throws IOException {
    // given
    Path first = adapter("first", 3, 4);
    Path second = adapter("second", b1, b2);
    // when
    CommandLineRun run = dnd("compare", first, second);
    // then
    assertThat(run.exitCode()).as(run.err()).isZero();
    assertThat(run.out()).contains(words);
    JsonNode total = json(dnd("compare", first, second, "--json")).get("total");
    assertThat(total.get("relation").textValue()).isEqualTo(relation);
    assertThat(total.get("distance").doubleValue())
        .isCloseTo(Math.hypot(b1 - 3, b2 - 4), within(1e-6));
  }

  @Test
  @DisplayName("tells each module and kind of module apart")
  void modules() throws IOException {
    // given a module that stays, and one that turns
    Path first =
        SmallAdapters.points(
            folder.resolve("first"),
            Map.of("m.layers.0.x", new float[] {3, 4}, "m.layers.0.y", new float[] {0, 5}));
    Path second =
        SmallAdapters.points(
            folder.resolve("second"),
            Map.of("m.layers.0.x", new float[] {3, 4}, "m.layers.0.y", new float[] {12, 0}));
    // when
    JsonNode json = json(dnd("compare", first, second, "--json"));
    // then
    assertThat(json.get("modules")).hasSize(2);
    JsonNode x = json.get("modules").get(0);
    JsonNode y = json.get("modules").get(1);
    assertThat(x.get("path").textValue()).isEqualTo("m.layers.0.x");
    assertThat(x.get("relation").textValue()).isEqualTo("same");
    assertThat(y.get("relation").textValue()).isEqualTo("unrelated");
    assertThat(y.get("cosine").doubleValue()).isCloseTo(0, within(1e-12));
    assertThat(y.get("distance").doubleValue()).isCloseTo(13, within(1e-9));
    assertThat(y.get("ratio").doubleValue()).isCloseTo(2.4, within(1e-9));
    JsonNode total = json.get("total");
    assertThat(total.get("distance").doubleValue()).isCloseTo(13, within(1e-9));
    assertThat(total.get("cosine").doubleValue())
        .isCloseTo(25 / (Math.sqrt(50) * 13), within(1e-9));
    assertThat(dnd("compare", first, second).out()).containsPattern("x +1 .* the same");
    assertThat(dnd("compare", first, second, "--all").out()).contains("m.layers.0.y");
  }

  @Test
  @DisplayName("compares what both change, and says which modules only one of them does")
  void otherModules() throws IOException {
    Path first = adapter("first", 3, 4);
    Path second =
        SmallAdapters.points(
            folder.resolve("second"),
            Map.of("m.layers.0.x", new float[] {3, 4}, "m.layers.0.y", new float[] {1, 2}));
    CommandLineRun run = dnd("compare", first, second);
    assertThat(run.exitCode()).as(run.err()).isZero();
    assertThat(run.out())
        .contains("They are the same")
        .contains("over the 1 module that both change")
        .contains("1 module only in the second (m.layers.0.y)");
    JsonNode unmatched = json(dnd("compare", first, second, "--json")).get("unmatched");
    assertThat(unmatched.get("onlySecond").get(0).textValue()).isEqualTo("m.layers.0.y");
    assertThat(unmatched.get("onlyFirst")).isEmpty();
  }

  @Test
  @DisplayName("refuses adapters that have nothing in common, or are broken, in one line")
  void refusals() {
    Path first = adapter("first", 3, 4);
    Path other =
        SmallAdapters.points(folder.resolve("other"), Map.of("m.layers.0.y", new float[] {1, 2}));
    Path wide =
        SmallAdapters.points(folder.resolve("wide"), Map.of("m.layers.0.x", new float[] {1, 2, 3}));
    Path broken = adapter("broken", Float.NaN, 1);
    assertThat(dnd("compare", first, other).exitCode()).isEqualTo(1);
    assertThat(dnd("compare", first, other).err()).contains("no module in common", "m.layers.0.y");
    assertThat(dnd("compare", first, wide).err()).contains("1 module of another shape");
    assertThat(dnd("compare", first, broken).exitCode()).isEqualTo(1);
    assertThat(dnd("compare", first, broken).err())
        .contains("broken holds NaN or infinite numbers", "m.layers.0.x.lora_B");
  }
}
