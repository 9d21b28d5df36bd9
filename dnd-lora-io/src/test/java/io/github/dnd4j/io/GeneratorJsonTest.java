package io.github.dnd4j.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.dnd4j.FileAccessException;
import io.github.dnd4j.FileFormatException;
import io.github.dnd4j.InvalidInputException;
import io.github.dnd4j.TrainingPrompts;
import io.github.dnd4j.TrainingPrompts.TrainingSet;
import io.github.dnd4j.lora.LoraConfig;
import io.github.dnd4j.lora.LoraModule;
import io.github.dnd4j.lora.LoraTarget;
import io.github.dnd4j.lora.ScaleEncoding;
import io.github.dnd4j.spi.ComponentSpec;
import io.github.dnd4j.spi.GeneratorFormat;
import io.github.dnd4j.spi.GeneratorManifest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class GeneratorJsonTest {

  private static final TrainingPrompts REMEMBERED =
      new TrainingPrompts(
          8,
          List.of(
              new TrainingSet("ARC \"easy\"", new float[] {0.6f, -0.8f, 1.25e-7f}),
              new TrainingSet("Code", new float[] {1f / 3, 2f / 3, 2f / 3})),
          0.1234567890123,
          0.75,
          1.5);

  @TempDir Path folder;

  static Stream<ScaleEncoding> encodings() {
    return Stream.of(ScaleEncoding.reference(), ScaleEncoding.log(4.25));
  }

  @ParameterizedTest
  @MethodSource("encodings")
  void aDescriptionComesBackAsItWas(ScaleEncoding encoding) {
    Path file = folder.resolve("generator.json");
    GeneratorManifest manifest = manifest(encoding, Map.of("stages", "3"));

    GeneratorFormat.get().write(manifest, file);

    assertThat(GeneratorFormat.get().read(file)).isEqualTo(manifest);
  }

  @Test
  void theFileIsPlainAndTheSameEveryTime() throws IOException {
    Path file = folder.resolve("generator.json");
    Path again = folder.resolve("again.json");
    GeneratorManifest manifest = manifest(ScaleEncoding.log(4.5), Map.of("stages", "3"));
    new GeneratorJson().write(manifest, file);
    new GeneratorJson().write(manifest, again);

    JsonNode json = new ObjectMapper().readTree(file.toFile());

    assertThat(file).hasSameTextualContentAs(again);
    assertThat(json.get("format").asText()).isEqualTo("dnd4j-generator");
    assertThat(json.get("version").asInt()).isEqualTo(1);
    assertThat(json.at("/decoder/type").asText()).isEqualTo("hyper-conv");
    assertThat(json.at("/decoder/stages").asText()).isEqualTo("3");
    assertThat(json.at("/scaleEncoding/center").asDouble()).isEqualTo(4.5);
    assertThat(json.at("/target/modules/0/path").asText()).isEqualTo("layers.0.q");
    assertThat(Files.readString(file)).contains("\n  \"id\" : \"tiny\"").doesNotContain("\r");
    assertThat(json.at("/trainingPrompts/sets/0/name").asText()).isEqualTo("ARC \"easy\"");
    assertThat(json.at("/trainingPrompts/sets/0/centroid/1").isNumber()).isTrue();
    assertThat(Files.readString(file))
        .as("not a line for every number")
        .contains("\"centroid\" : [0.6, -0.8, 1.25E-7]\n");
  }

  @Test
  void aGeneratorThatRemembersNoPromptsHasNoSuchPartAsThoseOfOlderVersions() throws IOException {
    Path old = changed("/trainingPrompts", null);

    GeneratorManifest manifest = new GeneratorJson().read(old);

    assertThat(manifest.trainingPrompts()).isEmpty();
    Path again = folder.resolve("again.json");
    new GeneratorJson().write(manifest, again);
    assertThat(again).content().doesNotContain("trainingPrompts");
    assertThat(new GeneratorJson().read(again)).isEqualTo(manifest);
  }

  static Stream<Arguments> requiredFields() {
    return Stream.of(
            "/format",
            "/version",
            "/id",
            "/libraryVersion",
            "/created",
            "/encoder",
            "/encoder/type",
            "/decoder",
            "/decoder/type",
            "/decoderFingerprint",
            "/scaleEncoding",
            "/scaleEncoding/type",
            "/scaleEncoding/center",
            "/target",
            "/target/name",
            "/target/baseModel",
            "/target/taskType",
            "/target/rank",
            "/target/alpha",
            "/target/rankStabilized",
            "/target/dropout",
            "/target/rankPattern",
            "/target/alphaPattern",
            "/target/tileWidth",
            "/target/modules",
            "/target/modules/0/path",
            "/target/modules/0/in",
            "/target/modules/0/out",
            "/target/modules/0/rank",
            "/provenance",
            "/trainingPrompts/tokens",
            "/trainingPrompts/familiar",
            "/trainingPrompts/unfamiliar",
            "/trainingPrompts/threshold",
            "/trainingPrompts/sets",
            "/trainingPrompts/sets/0/name",
            "/trainingPrompts/sets/0/centroid")
        .map(Arguments::arguments);
  }

  @ParameterizedTest
  @MethodSource("requiredFields")
  void aFieldThatIsMissingOrOfAnotherTypeIsNamed(String pointer) throws IOException {
    String field = pointer.substring(1).replaceAll("/0", "[0]").replace('/', '.');

    Path missing = changed(pointer, null);
    assertThatThrownBy(() -> new GeneratorJson().read(missing))
        .isInstanceOf(FileFormatException.class)
        .hasMessageContainingAll(missing.toString(), "'" + field + "' is missing");

    Path wrong = changed(pointer, new ObjectMapper().readTree("[[]]"));
    assertThatThrownBy(() -> new GeneratorJson().read(wrong))
        .isInstanceOf(FileFormatException.class)
        .hasMessageContainingAll(wrong.toString(), field);
  }

  static Stream<Arguments> wrongValues() {
    return Stream.of(
        arguments("/format", "'other'", "dnd4j-generator"),
        arguments("/version", "2", "newer"),
        arguments("/version", "0", "version 0"),
        arguments("/id", "' '", "id must not be blank"),
        arguments("/encoder/depth", "3", "encoder.depth"),
        arguments("/scaleEncoding/type", "'square'", "square"),
        arguments("/scaleEncoding/center", "1e999", "finite"),
        arguments("/target/rank", "0", "rank"),
        arguments("/target/rank", "8.5", "target.rank"),
        arguments("/target/dropout", "-1", "dropout"),
        arguments("/target/tileWidth", "3", "tile width"),
        arguments("/target/tileWidth", "1e3", "target.tileWidth"),
        arguments("/target/modules", "[]", "no modules"),
        arguments("/target/modules/0/in", "-4", "in must be at least 1"),
        arguments("/target/modules/0/path", "''", "path"),
        arguments("/provenance/data", "1", "provenance.data"),
        arguments("/trainingPrompts", "[]", "trainingPrompts' must be an object"),
        arguments("/trainingPrompts/tokens", "0", "trainingPrompts is of no use: tokens"),
        arguments("/trainingPrompts/familiar", "-1", "-1.0 and 0.75"),
        arguments("/trainingPrompts/familiar", "0.75", "0.75 and 0.75"),
        arguments("/trainingPrompts/unfamiliar", "1e999", "Infinity"),
        arguments("/trainingPrompts/threshold", "0", "threshold"),
        arguments("/trainingPrompts/sets", "[]", "0 training sets: at least two"),
        arguments("/trainingPrompts/sets", "[1,2]", "trainingPrompts.sets[0] must be an object"),
        arguments("/trainingPrompts/sets/1/name", "' '", "name of a training set"),
        arguments("/trainingPrompts/sets/1/name", "'ARC \\'easy\\''", "two training sets"),
        arguments("/trainingPrompts/sets/1/centroid", "[1]", "has 1 numbers"),
        arguments("/trainingPrompts/sets/1/centroid", "[]", "must have the length 1"),
        arguments("/trainingPrompts/sets/1/centroid", "[0,'1',0]", "centroid[1] must be a number"),
        arguments("/trainingPrompts/sets/1/centroid", "[0,1e999,0]", "must have the length 1"),
        arguments("/trainingPrompts/sets/1/centroid", "[1,1,1]", "must have the length 1"));
  }

  @ParameterizedTest
  @MethodSource("wrongValues")
  void aValueThatCannotBeIsRefused(String pointer, String value, String message)
      throws IOException {
    Path file = changed(pointer, new ObjectMapper().readTree("'1'".replace('\'', '"')));
    Files.writeString(
        file,
        Files.readString(changed(pointer, new ObjectMapper().getNodeFactory().textNode("@@")))
            .replace("\"@@\"", value.replace('\'', '"')));

    assertThatThrownBy(() -> new GeneratorJson().read(file))
        .isInstanceOf(FileFormatException.class)
        .hasMessageContainingAll(file.toString(), message);
  }

  @Test
  void unknownFieldsAreIgnored() throws IOException {
    Path file = changed("/comment", new ObjectMapper().readTree("[1]"));

    assertThat(new GeneratorJson().read(file).id()).isEqualTo("tiny");
  }

  @Test
  void whatIsNoJsonOrTooLargeOrMissingIsRefused() throws IOException {
    Path broken = Files.writeString(folder.resolve("broken.json"), "{\"id\":");
    assertThatThrownBy(() -> new GeneratorJson().read(broken))
        .isInstanceOf(FileFormatException.class)
        .hasMessageContainingAll(broken.toString(), "JSON");

    Path list = Files.writeString(folder.resolve("list.json"), "[]");
    assertThatThrownBy(() -> new GeneratorJson().read(list))
        .isInstanceOf(FileFormatException.class)
        .hasMessageContaining("object");

    Path empty = Files.writeString(folder.resolve("empty.json"), "");
    assertThatThrownBy(() -> new GeneratorJson().read(empty))
        .isInstanceOf(FileFormatException.class)
        .hasMessageContaining(empty.toString());

    Path large = Files.write(folder.resolve("large.json"), new byte[(32 << 20) + 1]);
    assertThatThrownBy(() -> new GeneratorJson().read(large))
        .isInstanceOf(FileFormatException.class)
        .hasMessageContaining("more than");

    assertThatThrownBy(() -> new GeneratorJson().read(folder.resolve("missing.json")))
        .isInstanceOf(FileAccessException.class)
        .hasMessageContaining("missing.json");
  }

  @Test
  void whatCannotBeWrittenIsRefused() throws IOException {
    GeneratorManifest clash = manifest(ScaleEncoding.reference(), Map.of("type", "x"));
    assertThatThrownBy(() -> new GeneratorJson().write(clash, folder.resolve("generator.json")))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("'type'");

    Path file = Files.writeString(folder.resolve("file"), "x");
    GeneratorManifest good = manifest(ScaleEncoding.reference(), Map.of());
    assertThatThrownBy(() -> new GeneratorJson().write(good, file.resolve("generator.json")))
        .isInstanceOf(FileAccessException.class);
    assertThat(folder.toFile().list()).containsExactly("file");
  }

  /** A valid file with one field replaced, or removed. */
  private Path changed(String pointer, JsonNode value) throws IOException {
    Path file = Files.createTempFile(folder, "generator", ".json");
    new GeneratorJson().write(manifest(ScaleEncoding.log(4.5), Map.of("stages", "3")), file);
    ObjectMapper mapper = new ObjectMapper();
    JsonNode json = mapper.readTree(file.toFile());
    int last = pointer.lastIndexOf('/');
    ObjectNode parent = (ObjectNode) json.at(pointer.substring(0, last));
    if (value == null) {
      parent.remove(pointer.substring(last + 1));
    } else {
      parent.set(pointer.substring(last + 1), value);
    }
    mapper.writeValue(file.toFile(), json);
    return file;
  }

  private static GeneratorManifest manifest(ScaleEncoding encoding, Map<String, String> decoder) {
    LoraConfig config =
        new LoraConfig(
            4, 8, true, 0.5, "some/base", "CAUSAL_LM", Map.of("layers.1.q", 2), Map.of("q", 3.5));
    LoraTarget target =
        new LoraTarget(
            "tiny target",
            config,
            2,
            List.of(new LoraModule("layers.0.q", 4, 6, 4), new LoraModule("layers.1.q", 8, 2, 2)));
    return new GeneratorManifest(
        "tiny",
        "1.2.3",
        "2026-01-02T03:04:05Z",
        new ComponentSpec("minilm", Map.of("length", "64")),
        new ComponentSpec("hyper-conv", decoder),
        "sha256:00ff",
        target,
        encoding,
        Map.of("data", "\u00e4 \"quoted\" text"),
        Optional.of(REMEMBERED));
  }
}
