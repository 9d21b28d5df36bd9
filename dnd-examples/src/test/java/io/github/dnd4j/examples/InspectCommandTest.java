package io.github.dnd4j.examples;

import static io.github.dnd4j.examples.CommandLineRun.dnd;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.dnd4j.examples.diagnosis.SmallAdapters;
import io.github.dnd4j.lora.LoraAdapter;
import io.github.dnd4j.lora.LoraGeometry;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("dnd inspect of an adapter")
class InspectCommandTest {

  @TempDir private Path folder;

  private static JsonNode json(CommandLineRun run) throws IOException {
    return new ObjectMapper().readTree(run.out());
  }

  private Path layered(String name, Map<String, Float> factors) {
    return SmallAdapters.layered(folder.resolve(name), 1, factors, Map.of());
  }

  @Test
  @DisplayName("says that a healthy one does something, with a line for each kind of module")
  void healthy() {
    // given
    Path adapter = layered("adapter", Map.of());
    // when
    CommandLineRun run = dnd("inspect", adapter);
    // then
    assertThat(run.exitCode()).as(run.err()).isZero();
    assertThat(run.out())
        .contains("It does something: it changes 12 of 12 modules, with |dW| = ")
        .contains("effective rank of 3.", " of 4.")
        .containsPattern("q_proj +6 +12 -> 8 ")
        .containsPattern("all +12 +12 -> 8 ")
        .doesNotContain("m.layers.5.q_proj");
    // and with a line for each module
    assertThat(dnd("inspect", adapter, "--all").out()).contains("m.layers.5.q_proj");
  }

  @Test
  @DisplayName("prints one JSON document, of the same numbers as the library's")
  void json() throws IOException {
    // given
    Path adapter =
        SmallAdapters.layered(folder.resolve("adapter"), 1, Map.of(), Map.of("author", "somebody"));
    // when
    JsonNode json = json(dnd("inspect", adapter, "--json"));
    // then
    assertThat(json.get("healthy").booleanValue()).isTrue();
    assertThat(json.get("rank").intValue()).isEqualTo(4);
    assertThat(json.get("metadata").get("author").textValue()).isEqualTo("somebody");
    assertThat(json.get("kinds")).hasSize(2);
    assertThat(json.get("modules")).hasSize(12);
    JsonNode module = json.get("modules").get(0);
    assertThat(module.get("path").textValue()).isEqualTo("m.layers.0.q_proj");
    assertThat(module.get("layer").intValue()).isZero();
    assertThat(module.get("state").textValue()).isEqualTo("ok");
    assertThat(module.get("a").get("numbers").intValue()).isEqualTo(48);
    assertThat(module.get("scale").doubleValue()).isEqualTo(2);
    assertThat(module.get("singularValues")).hasSize(4);
    try (LoraAdapter loaded = LoraAdapter.load(adapter)) {
      assertThat(json.get("norm").doubleValue())
          .isCloseTo(LoraGeometry.norm(loaded), within(1e-12));
      assertThat(module.get("norm").doubleValue())
          .isCloseTo(LoraGeometry.moduleNorms(loaded).get("m.layers.0.q_proj"), within(1e-12));
    }
  }

  @ParameterizedTest
  @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY})
  @DisplayName("ends with the exit code 3 if a number is NaN or infinite, and names the tensor")
  void broken(float value) throws IOException {
    // given
    Path adapter = layered("adapter", Map.of("m.layers.3.o_proj", value));
    // when
    CommandLineRun run = dnd("inspect", adapter, "--reference", folder);
    CommandLineRun json = dnd("inspect", adapter, "--json");
    // then
    assertThat(run.exitCode()).isEqualTo(3);
    assertThat(run.err()).isEmpty();
    assertThat(run.out())
        .contains("It is broken, do not use it: ")
        .contains("m.layers.3.o_proj.lora_B: ")
        .contains("1 broken")
        .contains("It was not compared with the references");
    assertThat(json.exitCode()).isEqualTo(3);
    JsonNode document = json(json);
    assertThat(document.get("broken").booleanValue()).isTrue();
    assertThat(document.get("norm").isNull()).isTrue();
    JsonNode b = document.get("modules").get(7).get("b");
    assertThat(b.get("nans").intValue() + b.get("infinities").intValue()).isEqualTo(32);
  }

  @Test
  @DisplayName("ends with the exit code 3 if all of B is zero: it was never trained")
  void untrained() throws IOException {
    Path adapter = layered("adapter", SmallAdapters.everywhere(0));
    CommandLineRun run = dnd("inspect", adapter);
    assertThat(run.exitCode()).isEqualTo(3);
    assertThat(run.out())
        .contains("It does nothing: dW is 0 in all of its 12 modules")
        .contains("it was never trained")
        .contains("12 zero");
    assertThat(json(dnd("inspect", adapter, "--json")).get("doesNothing").booleanValue()).isTrue();
  }

  @Test
  @DisplayName("names modules that do nothing and modules that explode, with the exit code 0")
  void zeroAndExploding() {
    // given
    Path adapter = layered("adapter", Map.of("m.layers.2.q_proj", 0f, "m.layers.4.o_proj", 1000f));
    // when
    CommandLineRun run = dnd("inspect", adapter, "--all");
    // then
    assertThat(run.exitCode()).as(run.err()).isZero();
    assertThat(run.out())
        .contains("it changes 11 of 12 modules")
        .contains("1 module does nothing, its dW is 0: m.layers.2.q_proj.")
        .contains("1 module is far larger than the others: m.layers.4.o_proj (for each weight ")
        .containsPattern("m.layers.2.q_proj .* zero: B is 0")
        .containsPattern("m.layers.4.o_proj .* exploding");
  }

  @Test
  @DisplayName("says what the generator said of its prompts")
  void novelty() {
    Path adapter =
        SmallAdapters.layered(
            folder.resolve("adapter"),
            1,
            Map.of(),
            Map.of(
                "dnd4j.novelty", "0.9000",
                "dnd4j.novelty_threshold", "0.5",
                "dnd4j.nearest_training_set", "ships",
                "dnd4j.strength", "0.555"));
    assertThat(dnd("inspect", adapter).out())
        .contains("Its prompts are unlike all that its generator was trained on")
        .contains("(novelty 0.90, threshold 0.50); the nearest training set is ships.")
        .contains("multiplied by 0.555");
  }

  @Test
  @DisplayName("compares with a folder of references, and leaves out what cannot be compared with")
  void references() throws IOException {
    // given references around the mean (0, 4), one of other modules, one that does nothing
    Path references = folder.resolve("references");
    SmallAdapters.point(references.resolve("left"), -3, 4);
    SmallAdapters.point(references.resolve("right"), 3, 4);
    SmallAdapters.points(references.resolve("other"), Map.of("m.layers.0.y", new float[] {1, 1}));
    SmallAdapters.point(references.resolve("zero"), 0, 0);
    Path adapter = SmallAdapters.point(references.resolve("adapter"), 0, 4.4f);
    // when
    CommandLineRun run = dnd("inspect", adapter, "--reference", references);
    JsonNode json =
        json(dnd("inspect", adapter, "--reference", references, "--json")).get("references");
    // then
    assertThat(run.exitCode()).as(run.err()).isZero();
    assertThat(run.out())
        .contains("compared with 2 references")
        .contains("1 module only in ", "(m.layers.0.y)")
        .contains("zero: it does nothing")
        .contains("adapter: it is the adapter itself")
        .contains("about as strong as the references: |dW| is 0.8800 times their median")
        .contains("little else than the references' mean");
    assertThat(json.get("compared").intValue()).isEqualTo(2);
    assertThat(json.get("leftOut")).hasSize(3);
    assertThat(json.get("percentile").doubleValue()).isZero();
    assertThat(json.get("mean").get("distance").doubleValue()).isCloseTo(0.4, within(1e-6));
    assertThat(json.get("mean").get("cosine").doubleValue()).isCloseTo(1, within(1e-12));
  }

  @Test
  @DisplayName("says clearly if no reference has the same modules")
  void noReference() throws IOException {
    Path references = folder.resolve("references");
    SmallAdapters.points(references.resolve("other"), Map.of("m.layers.0.y", new float[] {1, 1}));
    Path adapter = SmallAdapters.point(folder.resolve("adapter"), 1, 2);
    CommandLineRun run = dnd("inspect", adapter, "--reference", references);
    assertThat(run.exitCode()).isZero();
    assertThat(run.out())
        .contains("There is no reference to compare it with: 1 reference is left out");
    JsonNode json = json(dnd("inspect", adapter, "--reference", references, "--json"));
    assertThat(json.get("references").get("compared").intValue()).isZero();
  }

  @Test
  @DisplayName("examines a GGUF adapter too, after its tensors")
  void gguf() throws IOException {
    // given an adapter of names that the file's architecture has
    Path adapter = folder.resolve("adapter.gguf");
    CommandLineRun generated =
        dnd(
            "generate",
            "--preset",
            "minilm-l6",
            "--untrained",
            "--prompts",
            Path.of("prompts", "science.txt"),
            "--out",
            adapter);
    assertThat(generated.exitCode()).as(generated.err()).isZero();
    // when
    CommandLineRun run = dnd("inspect", adapter);
    // then
    assertThat(run.exitCode()).as(run.err()).isZero();
    assertThat(run.out()).contains("72 tensors", "It does something: it changes 36 of 36 modules");
    assertThat(json(dnd("inspect", adapter, "--json")).get("modules")).hasSize(36);
  }

  @Test
  @DisplayName("draws its norms by layer and kind of module, also where there is nothing to draw")
  void picture() throws IOException {
    // given six layers of two kinds, one module a thousand times as large
    Path adapter = layered("adapter", Map.of("m.layers.4.o_proj", 1000f));
    Path nothing = layered("nothing", SmallAdapters.everywhere(0));
    Path file = folder.resolve("adapter.png");
    Path grey = folder.resolve("nothing.png");
    // when
    CommandLineRun run = dnd("inspect", adapter, "--picture", file);
    dnd("inspect", nothing, "--picture", grey);
    // then
    assertThat(run.exitCode()).as(run.err()).isZero();
    BufferedImage image = ImageIO.read(file.toFile());
    assertThat(image.getWidth()).isEqualTo(760);
    assertThat(image.getHeight()).isEqualTo(340);
    // the darkest colour is that of the largest module, and there are paler ones
    assertThat(colors(image))
        .hasSizeGreaterThan(10)
        .anyMatch(color -> near(color, 0xd95f0e))
        .anyMatch(color -> near(color, 0xffffe5));
    assertThat(colors(ImageIO.read(grey.toFile()))).contains(0xd9d9d9);
  }

  private static boolean near(int color, int other) {
    return Math.abs((color >> 16) - (other >> 16)) < 5
        && Math.abs((color >> 8 & 0xff) - (other >> 8 & 0xff)) < 5
        && Math.abs((color & 0xff) - (other & 0xff)) < 5;
  }

  private static List<Integer> colors(BufferedImage image) {
    return IntStream.of(
            image.getRGB(0, 0, image.getWidth(), image.getHeight(), null, 0, image.getWidth()))
        .map(color -> color & 0xffffff)
        .distinct()
        .boxed()
        .toList();
  }

  @Test
  @DisplayName("refuses its options for anything else, and a folder without adapters")
  void refusals() throws IOException {
    Path empty = Files.createDirectory(folder.resolve("empty"));
    CommandLineRun run = dnd("inspect", empty, "--json");
    assertThat(run.exitCode()).isEqualTo(1);
    assertThat(run.err()).contains("is no adapter");
    assertThat(dnd("inspect", empty).err()).contains("neither a PEFT directory nor a generator");
    CommandLineRun references = dnd("inspect", layered("adapter", Map.of()), "--reference", empty);
    assertThat(references.exitCode()).isEqualTo(1);
    assertThat(references.err()).contains("holds no PEFT directories");
  }
}
