package io.github.dnd4j.examples;

import static io.github.dnd4j.examples.CommandLineRun.dnd;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.dnd4j.lora.LoraAdapter;
import io.github.dnd4j.lora.LoraTargets;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("dnd bench")
class BenchCommandTest {

  private static final String FEATURES = "(2,8,384) (4,8,20) (324,10,130)";

  @TempDir private Path folder;

  private static CommandLineRun bench(Object... more) {
    List<Object> arguments =
        new ArrayList<>(
            List.of("bench", "--features", FEATURES, "--kernel", 1, "--target", "minilm-l6"));
    arguments.addAll(List.of(more));
    return dnd(arguments.toArray());
  }

  @Test
  @Tag("slow")
  @DisplayName("measures every part with every engine: a table, JSON, a picture and the adapter")
  void everything() throws IOException {
    // given
    Path json = folder.resolve("bench.json");
    Path picture = folder.resolve("bench.png");
    Path adapter = folder.resolve("adapter");
    // when
    CommandLineRun run =
        bench(
            "--engines",
            "direct,auto",
            "--batches",
            "3,2",
            "--encode-prompts",
            "5",
            "--full-texts",
            "3",
            "--no-peers",
            "--json",
            json,
            "--picture",
            picture,
            "--out",
            adapter);
    // then
    assertThat(run.exitCode()).as(run.err()).isZero();
    assertThat(run.err().lines())
        .as("a line for each measurement, when it is made")
        .hasSize(11)
        .allMatch(line -> line.matches("\\[\\d+/11] .*: [\\d.e-]+ s \\(the first time .*\\)"));
    assertThat(run.out())
        .contains("2 prompts of 8 tokens", "sentence-transformers/all-MiniLM-L6-v2")
        .contains("random weights", "stage 0 to (4,8,20)", "stage 1 to (324,10,130)")
        .containsPattern("encoding, 2 prompts +DnD4J +\\d")
        .containsPattern("encoding, 5 prompts +DnD4J +\\d")
        .containsPattern("encoding, 3 full texts +DnD4J +\\d.* none of them padding")
        .containsPattern("decoding, 1 condition +DnD4J direct +\\S+ +\\S+ +\\S+ +1\\.00 ")
        .containsPattern("decoding, 3 conditions +DnD4J auto ")
        .containsPattern("Where the time goes: .*GFLOP/s.*GB/s")
        .containsPattern("stage 1 to \\(324,10,130\\) +DnD4J direct .* direct")
        .doesNotContainPattern("decoding, [23] conditions +DnD4J direct")
        .doesNotContain("PyTorch", "ONNX");
    assertJson(new ObjectMapper().readTree(json.toFile()));
    BufferedImage image = ImageIO.read(picture.toFile());
    assertThat(image.getWidth()).isEqualTo(1100);
    assertThat(image.getHeight()).as("three charts").isEqualTo(3 * 460);
    try (LoraAdapter written = LoraAdapter.load(adapter)) {
      assertThat(written.modules()).isEqualTo(LoraTargets.MINILM_L6.modules());
    }
  }

  private static void assertJson(JsonNode json) {
    assertThat(json.at("/machine/cores").intValue()).isPositive();
    assertThat(json.at("/machine/java").textValue()).contains(System.getProperty("java.version"));
    assertThat(json.at("/decoder/features").textValue()).isEqualTo(FEATURES);
    assertThat(json.at("/training/name").textValue()).isEqualTo(FEATURES);
    assertThat(json.get("weights").textValue()).isEqualTo("random");
    assertThat(json.get("adapterBytes").longValue())
        .isGreaterThan(2 * LoraTargets.MINILM_L6.parameterCount());
    List<String> names = new ArrayList<>();
    for (JsonNode measurement : json.get("measurements")) {
      names.add(
          String.join(
              " ",
              measurement.get("part").textValue(),
              measurement.get("by").textValue(),
              measurement.get("size").asText()));
      assertThat(measurement.get("seconds").doubleValue()).as(names.toString()).isPositive();
      assertThat(measurement.get("coldSeconds").doubleValue()).isPositive();
      assertThat(measurement.get("speed").doubleValue()).isPositive();
      boolean decoding = measurement.get("part").textValue().equals("decoding");
      assertThat(measurement.get("stageSeconds")).hasSize(decoding ? 2 : 0);
      boolean training = measurement.get("part").textValue().equals("training");
      assertThat(measurement.get("warmSeconds")).hasSize(training ? 5 : 1);
    }
    assertThat(names)
        .containsExactly(
            "encoding DnD4J 2",
            "encoding DnD4J 5",
            "encoding-full DnD4J 3",
            "decoding DnD4J direct 1",
            "decoding DnD4J auto 1",
            "decoding DnD4J auto 2",
            "decoding DnD4J auto 3",
            "making DnD4J 1",
            "writing DnD4J 1",
            "end-to-end DnD4J direct 1",
            "end-to-end DnD4J auto 1",
            "training DnD4J direct 8",
            "training DnD4J auto 8");
  }

  @Test
  @DisplayName("measures the decoder alone, on random conditions, and without the direct engine")
  void decoderOnly() {
    // when
    CommandLineRun run =
        bench("--parts", "decoder", "--engines", "auto", "--repeats", 0, "--no-peers");
    // then
    assertThat(run.exitCode()).as(run.err()).isZero();
    assertThat(run.out())
        .containsPattern("decoding, 1 condition +DnD4J auto +\\d")
        .containsPattern("stage 1 to \\(324,10,130\\) +\\d\\S+ +\\d+ %")
        .doesNotContain("DnD4J direct", "encoding, ", "prompts to adapter", "training step");
  }

  @Test
  @DisplayName("measures the encoder alone, beside ONNX Runtime from Java")
  void encoderOnly() {
    // when
    CommandLineRun run =
        bench("--parts", "encoder", "--repeats", 0, "--encode-prompts", 5, "--full-texts", "20,3");
    // then
    assertThat(run.exitCode()).as(run.err()).isZero();
    assertThat(run.out())
        .containsPattern("encoding, 5 prompts +DnD4J +\\d")
        .containsPattern(
            "encoding, 5 prompts +ONNX Runtime 1\\S+ +\\d.* [14] at once, best of 1, 4")
        .containsPattern("encoding, 20 full texts +ONNX Runtime 1\\S+ +\\d.* best of 1, 4, 16")
        .containsPattern("encoding, 20 full texts +DnD4J +3\\.409 +42\\.47 ")
        .doesNotContainPattern("ONNX Runtime 1\\S+ +3\\.409 +42\\.47 ")
        .doesNotContain("decoding, ", "Stages of the decoder");
    assertThat(run.err())
        .containsSubsequence(
            "encoding, 5 prompts, DnD4J",
            "running: encoding, 5 prompts, ONNX Runtime",
            "encoding, 20 full texts, DnD4J",
            "running: encoding, 20 full texts, ONNX Runtime");
  }

  @Test
  @Tag("slow")
  @DisplayName("says why others were not measured, and takes a single cold run if told so")
  void noScripts() {
    // given no property that says where the scripts are
    CommandLineRun run = bench("--engines", "direct", "--no-training", "--repeats", 0);
    assertThat(run.exitCode()).as(run.err()).isZero();
    assertThat(run.out())
        .containsPattern("encoding, 2 prompts +PyTorch +- .*encoder_pytorch.py is not there")
        .containsPattern("decoding, 1 condition +PyTorch +- .*decoder_pytorch.py is not there")
        .containsPattern("prompts to adapter +DnD4J direct +\\d.* the sum of its parts")
        .doesNotContain("training step");
  }

  @Test
  @DisplayName("answers bad input with one line")
  void badInput() {
    assertRefused(bench("--engines", "warp"), "--engines", "warp", "DIRECT");
    assertRefused(bench("--batches", "0"), "--batches");
    assertRefused(bench("--encode-prompts=-1"), "--encode-prompts");
    assertRefused(bench("--full-texts", "0,3"), "--full-texts");
    assertRefused(bench("--repeats=-1"), "--repeats");
    assertRefused(bench("--peer-batches", "0"), "--peer-batches");
    assertRefused(bench("--peer-timeout", "0"), "--peer-timeout");
    assertRefused(bench("--parts", "wheels"), "--parts", "wheels", "ENCODER");
    assertRefused(bench("--preset", "minilm-l6"), "--preset", "--features");
    assertRefused(bench("--training-preset", "none"), "none", "minilm-l6");
    assertRefused(bench("--prompts", folder.resolve("nowhere.txt")), "nowhere.txt");
    assertRefused(dnd("bench", "--features", FEATURES), "--kernel");
    assertRefused(dnd("bench", "--preset", "none"), "none", "qwen2.5-0.5b");
  }

  @Test
  @DisplayName("refuses a target that the decoder does not make adapters for")
  void otherTarget() {
    assertRefused(
        dnd("bench", "--features", FEATURES, "--kernel", 1, "--target", "qwen2.5-0.5b"),
        "qwen2.5-0.5b",
        "4296");
  }

  private static void assertRefused(CommandLineRun run, String... parts) {
    assertThat(run.exitCode()).isEqualTo(1);
    assertThat(run.err().strip().lines()).hasSize(1);
    assertThat(run.err()).startsWith("dnd: ").contains(parts);
    assertThat(run.out()).isEmpty();
  }
}
