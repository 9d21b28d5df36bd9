package io.github.dnd4j.examples.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.dnd4j.InvalidInputException;
import io.github.dnd4j.decoder.ConvolutionEngine;
import io.github.dnd4j.decoder.HyperConvConfig;
import io.github.dnd4j.lora.LoraTargets;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.LongBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("A benchmark's report")
class BenchReportTest {

  private static final BenchPlan PLAN =
      new BenchPlan(
          EnumSet.of(BenchPart.ENCODER, BenchPart.DECODER),
          new BenchStructure(
              "tiny",
              HyperConvConfig.of("(2,8,384) (4,8,20) (324,10,130)", 1),
              LoraTargets.MINILM_L6),
          List.of("one", "two"),
          List.of(5),
          List.of(6, 4),
          List.of(4),
          List.of(ConvolutionEngine.DIRECT, ConvolutionEngine.AUTO),
          3,
          Optional.empty(),
          List.of(),
          Optional.empty(),
          Optional.empty());

  private static final MachinePeak PEAK = new MachinePeak(200e9, 10e9);

  private static final Bound BOUND =
      new Bound("stage 0", "DnD4J auto", "direct", 100e9, 2_000_000_000, 1.75);

  private static final PeerBlas BLAS = new PeerBlas("2", "libblas.so.3", "generic", 3.2e9);

  private static final BenchReport REPORT =
      new BenchReport(
          PLAN,
          new Machine("a processor", 4, 2, "an OS", "a JVM", "some=1"),
          List.of(
              new Measurement(
                  Part.DECODING,
                  "DnD4J direct",
                  1,
                  List.of(run(9, 8, 1), run(4, 3, 1), run(5, 3, 2), run(3, 2, 1)),
                  OptionalLong.of(3L << 29),
                  ""),
              decoding("DnD4J auto", 1, run(3, 2, 1), run(2, 1.5, 0.5)),
              decoding("DnD4J auto", 4, run(8, 6, 2), run(6, 5, 1)),
              decoding("PyTorch 2", 1, run(2, 1, 1), run(1, 0.75, 0.25)),
              Measurement.none(Part.ENCODING, "ONNX Runtime", 2, "not installed"),
              encoding(2, 1),
              encoding(5, 2),
              fullTexts("PyTorch 2", 6, 8),
              fullTexts("DnD4J", 4, 4),
              fullTexts("PyTorch 2", 4, 5)),
          new Rates(Optional.of(new Bounds(PEAK, List.of(BOUND))), Optional.of(BLAS)),
          1234,
          true);

  @TempDir private Path folder;

  private static Run run(double seconds, double... stages) {
    return new Run(seconds, Arrays.stream(stages).boxed().toList());
  }

  private static Measurement decoding(String by, int size, Run... runs) {
    return new Measurement(Part.DECODING, by, size, List.of(runs), OptionalLong.empty(), "");
  }

  private static Measurement encoding(int size, double seconds) {
    return new Measurement(
        Part.ENCODING, "DnD4J", size, List.of(run(seconds)), OptionalLong.empty(), "");
  }

  private static Measurement fullTexts(String by, int size, double seconds) {
    return new Measurement(
        Part.ENCODING_FULL, by, size, List.of(run(seconds)), OptionalLong.empty(), "all full");
  }

  @Test
  @DisplayName("prints medians of the warm runs and compares them with the first of their kind")
  void tables() {
    StringWriter text = new StringWriter();
    REPORT.print(new PrintWriter(text));
    assertThat(text.toString())
        .contains("a processor, 4 cores, an OS, a JVM", "1234 bytes", "seed 0")
        .containsPattern("encoding, 2 prompts +ONNX Runtime +- +- +- +- +- +not installed")
        .containsPattern(
            "encoding, 4 full texts +DnD4J +4\\.000 +4\\.000 +1\\.000 +1\\.00 +- +all full")
        .containsPattern("encoding, 4 full texts +PyTorch 2 +5\\.000 +5\\.000 +1\\.250 +0\\.80 +-")
        .containsPattern("encoding, 6 full texts +PyTorch 2 .* 1\\.00 ")
        .containsPattern("1 condition +DnD4J direct +9\\.000 +4\\.000 +4\\.000 +1\\.00 +1\\.50")
        .containsPattern("1 condition +DnD4J auto +3\\.000 +2\\.000 +2\\.000 +2\\.00 +-")
        .containsPattern("1 condition +PyTorch 2 +2\\.000 +1\\.000 +1\\.000 +4\\.00 +-")
        .containsPattern("4 conditions +DnD4J auto +8\\.000 +6\\.000 +1\\.500 +1\\.00 +-")
        .containsPattern("\\(4,8,20\\) +3\\.000 +1\\.500 +0\\.7500 +2\\.00 +4\\.00 +75 %")
        .containsPattern("\\(324,10,130\\) +1\\.000 +0\\.5000 +0\\.2500 +2\\.00 +4\\.00 +25 %");
  }

  @Test
  @DisplayName("holds times against what the machine can do, and PyTorch's BLAS as well")
  void bounds() {
    // when
    StringWriter text = new StringWriter();
    REPORT.print(new PrintWriter(text));
    // then 100 / 200 seconds of products, and 2 / 10 of reading weights
    assertThat(BOUND.boundSeconds(PEAK)).isCloseTo(0.7, within(1e-9));
    assertThat(text.toString())
        .contains("operations / 200 GFLOP/s", "weights / 10.0 GB/s")
        .containsPattern("stage 0 +DnD4J auto +100\\.0 +2000 +0\\.7000 +1\\.750 +2\\.50 +direct")
        .contains("PyTorch 2 multiplies matrices by libblas.so.3 (generic): 3.2 GFLOP/s")
        .contains("a slow BLAS");
    assertThat(new PeerBlas("2", "", "", 100e9).isSlowBeside(PEAK)).isFalse();
  }

  @Test
  @DisplayName("tells of a measurement in one line")
  void lines() {
    assertThat(decoding("DnD4J auto", 4, run(8), run(6)).line())
        .isEqualTo("decoding, 4 conditions, DnD4J auto: 6.000 s (the first time 8.000 s)");
    assertThat(encoding(2, 1).line()).isEqualTo("encoding, 2 prompts, DnD4J: 1.000 s");
    assertThat(Measurement.none(Part.DECODING, "PyTorch", 1, "not installed").line())
        .isEqualTo("decoding, 1 condition, PyTorch: not measured: not installed");
  }

  @Test
  @DisplayName("counts the encoder's operations, and those of the stages by what computes them")
  void work() {
    // given a window of 4 tokens, 3 of which are no padding, and one of nothing but padding
    PromptTokens tokens =
        new PromptTokens(4, List.of(window(3, 101, 1, 102, 0), window(0, 0, 0, 0, 0)));
    // when
    Bound encoder = Bounds.encoder(encoding(2, 1), tokens);
    List<Bound> stages =
        Bounds.decoder(
            decoding("DnD4J direct", 1, run(5, 3, 2)),
            PLAN.decoder().stages(),
            PLAN.decoder().config(),
            ConvolutionEngine.DIRECT);
    // then
    double dense = 4 * 384 * 384 + 2 * 384 * 1536;
    assertThat(encoder.operations())
        .as("padding is no key; where there is nothing else, there are values to add up only")
        .isEqualTo(2 * 6 * 4 * (2 * dense + (2 * 3 + 4) * 384));
    assertThat(encoder.weightBytes()).isEqualTo((long) (6 * dense * 4));
    assertThat(stages).extracting(Bound::seconds).containsExactly(3.0, 2.0);
    assertThat(stages).extracting(Bound::method).containsOnly("direct");
    // convN of the second stage: 4 to 324 maps of 10 x 130, kernel 1
    assertThat(stages.get(1).operations()).isGreaterThan(2.0 * 4 * 324 * 10 * 130);
  }

  private static PromptTokens.Window window(int valid, long... ids) {
    return new PromptTokens.Window(LongBuffer.wrap(ids), valid);
  }

  @Test
  @DisplayName("has prompts cut into distinct windows by the model's own tokenizer")
  void tokens() {
    PromptTokens tokens = PromptTokens.of(List.of("a cat", "a cat", "a dog and a cat"), 8);
    assertThat(tokens.windows()).extracting(PromptTokens.Window::valid).containsExactly(4, 7);
    assertThat(PromptTokens.of(List.of("a cat"), 1024).windows())
        .as("the second is nothing but padding")
        .extracting(PromptTokens.Window::valid)
        .containsExactly(4, 0);
  }

  @Test
  @DisplayName("tells how much of the windows is padding")
  void padding() {
    assertThat(PromptTokens.of(List.of("a cat", "a dog and a cat"), 8).summary())
        .isEqualTo("windows of 8 tokens, 5.5 of them no padding");
    assertThat(EncoderTexts.full(PLAN, 2).tokens().summary())
        .isEqualTo("windows of 8 tokens, none of them padding");
  }

  @Test
  @DisplayName("has full texts joined of prompts, each with its number, until all tokens are taken")
  void joined() {
    // when
    EncoderTexts full = EncoderTexts.full(PLAN, 3);
    // then eight words and two special tokens are more than eight tokens
    assertThat(full.texts())
        .containsExactly(
            "1 one two 2 one 2 two 3 one",
            "2 two 2 one 2 two 3 one 3 two",
            "3 2 one 2 two 3 one 3 two");
    assertThat(full.tokens().windows())
        .as("the prompts' ends are cut off")
        .hasSize(3)
        .extracting(PromptTokens.Window::valid)
        .containsOnly(8);
  }

  @Test
  @DisplayName("has full texts fill a window where texts are longer than the model's")
  void longTexts() {
    assertThat(EncoderTexts.full(TinyPlan.of(1024, 0), 2).tokens().windows())
        .hasSize(2)
        .extracting(PromptTokens.Window::valid)
        .containsOnly(512);
    assertThatThrownBy(() -> EncoderTexts.full(TinyPlan.of(2, 0), 3))
        .as("there is no room but for special tokens")
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("3 different texts of 2 tokens")
        .hasMessageContaining("--full-texts 0");
  }

  @Test
  @DisplayName("leaves out what there is nothing to say of")
  void encoderOnly() {
    // given
    BenchReport report =
        new BenchReport(
            PLAN,
            new Machine("a processor", 4, 2, "an OS", "a JVM", ""),
            List.of(encoding(2, 1)),
            Rates.NONE,
            0,
            true);
    // when
    StringWriter text = new StringWriter();
    report.print(new PrintWriter(text));
    // then
    assertThat(text.toString())
        .contains("encoding, 2 prompts")
        .doesNotContain("Stages of the decoder", "Where the time goes", "PyTorch");
    assertThatThrownBy(() -> report.writePicture(folder.resolve("none.png")))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("nothing to draw");
  }

  @Test
  @DisplayName("writes the same figures as JSON, with the machine's")
  void json() throws IOException {
    // when
    Path file = folder.resolve("bench.json");
    REPORT.writeJson(file);
    JsonNode json = new ObjectMapper().readTree(file.toFile());
    // then
    assertThat(json.at("/machine/processor").textValue()).isEqualTo("a processor");
    assertThat(json.at("/machine/threadsOfPeers").intValue()).isEqualTo(2);
    assertThat(json.at("/decoder/textLength").intValue()).isEqualTo(8);
    assertThat(json.at("/decoder/squeeze").isNull()).isTrue();
    assertThat(json.has("training")).isFalse();
    JsonNode missing = json.at("/measurements/0");
    assertThat(missing.get("measured").booleanValue()).isFalse();
    assertThat(missing.get("note").textValue()).isEqualTo("not installed");
    assertThat(missing.has("seconds")).isFalse();
    assertThat(json.at("/peak/operationsPerSecond").doubleValue()).isEqualTo(200e9);
    assertThat(json.at("/bounds/0/ratio").doubleValue()).isCloseTo(2.5, within(1e-9));
    assertThat(json.at("/pytorchBlas/libraries").textValue()).isEqualTo("libblas.so.3");
    JsonNode full = json.at("/measurements/4");
    assertThat(full.get("part").textValue()).isEqualTo("encoding-full");
    assertThat(full.get("unit").textValue()).isEqualTo("full text");
    assertThat(full.get("speed").doubleValue()).isCloseTo(0.8, within(1e-9));
    JsonNode direct = json.at("/measurements/6");
    assertThat(direct.get("coldSeconds").doubleValue()).isCloseTo(9, within(1e-9));
    assertThat(direct.get("seconds").doubleValue()).isCloseTo(4, within(1e-9));
    assertThat(direct.get("warmSeconds")).hasSize(3);
    assertThat(direct.at("/stageSeconds/0").doubleValue()).isCloseTo(3, within(1e-9));
    assertThat(direct.get("peakResidentBytes").longValue()).isEqualTo(3L << 29);
    JsonNode auto = json.at("/measurements/7");
    assertThat(auto.get("speed").doubleValue()).isCloseTo(2, within(1e-9));
    assertThat(auto.has("peakResidentBytes")).isFalse();
  }

  @Test
  @DisplayName("draws everybody in a colour of their own, stages above, batches and texts below")
  void picture() throws IOException {
    // when
    Path file = folder.resolve("bench.png");
    REPORT.writePicture(file);
    // then
    BufferedImage image = ImageIO.read(file.toFile());
    assertThat(image.getWidth()).isEqualTo(1100);
    assertThat(image.getHeight()).as("stages, conditions, prompts, texts").isEqualTo(4 * 460);
    assertThat(pixels(image, 0x1f77b4)).as("DnD4J direct").isGreaterThan(1000);
    assertThat(pixels(image, 0xd62728)).as("DnD4J auto").isGreaterThan(1000);
    assertThat(pixels(image, 0x2ca02c)).as("PyTorch").isGreaterThan(1000);
  }

  private static long pixels(BufferedImage image, int color) {
    int[] colors =
        image.getRGB(0, 0, image.getWidth(), image.getHeight(), null, 0, image.getWidth());
    return IntStream.of(colors).filter(pixel -> (pixel & 0xffffff) == color).count();
  }

  @Test
  @DisplayName("is of a plan whose prompts all differ, for the encoder does nothing twice")
  void prompts() {
    assertThat(PLAN.prompts(5)).containsExactly("one", "two", "2 one", "2 two", "3 one");
    assertThat(PLAN.encodePrompts()).containsExactly(2, 5);
    assertThat(PLAN.fullTexts()).containsExactly(4, 6);
    assertThat(TinyPlan.of(8, 0).fullTexts()).isEmpty();
    assertThat(PLAN.batches(ConvolutionEngine.AUTO)).containsExactly(1, 4);
    assertThat(PLAN.batches(ConvolutionEngine.DIRECT)).containsExactly(1);
  }
}
