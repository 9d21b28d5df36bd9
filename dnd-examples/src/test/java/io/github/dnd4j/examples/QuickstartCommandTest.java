package io.github.dnd4j.examples;

import static io.github.dnd4j.examples.CommandLineRun.dnd;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.dnd4j.encoder.SentenceEncoder;
import io.github.dnd4j.lora.LoraAdapter;
import io.github.dnd4j.lora.LoraTargets;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.api.ndarray.INDArray;

@DisplayName("dnd quickstart")
class QuickstartCommandTest {

  private static final long SEED = 5;

  @TempDir private Path folder;

  @Test
  @Tag("slow")
  @DisplayName("writes an adapter and prints what it changes, the same for the same seed")
  void measures() {
    // given
    Path generator = TinyGenerator.write(folder.resolve("generator"));
    // when
    CommandLineRun run = quickstart(generator, "first");
    CommandLineRun again = quickstart(generator, "second");
    // then
    assertThat(run.exitCode()).as(run.err()).isZero();
    assertThat(run.err()).isEmpty();
    assertThat(run.out())
        .contains("221 science questions", "prompts come from 111 questions", "the other 110")
        .contains("331776 numbers in 72 tensors", "generated from 2 prompts in ")
        .contains("mean of 2 draws of prompts", "control: unrelated prompts")
        .containsPattern("All in all \\d+\\.\\d s")
        .contains("dnd generate --generator " + generator, "dnd retrieve --task");
    assertThat(run.out().replace(folder.toString(), "")).matches("\\p{ASCII}+");
    // and
    assertThat(scores(again)).isEqualTo(scores(run)).hasSize(8);
    assertThat(folder.resolve("second/adapter_model.safetensors"))
        .hasSameBinaryContentAs(folder.resolve("first/adapter_model.safetensors"));
    // and the figures are those of the adapter that was written
    try (LoraAdapter adapter = LoraAdapter.load(folder.resolve("first"));
        SentenceEncoder bare = SentenceEncoder.allMiniLmL6V2();
        SentenceEncoder adapted = bare.withAdapter(adapter)) {
      assertThat(adapter.modules()).hasSameSizeAs(LoraTargets.MINILM_L6.modules());
      assertPrinted(run, found(bare), 0, "before: bare encoder");
      assertPrinted(run, found(adapted), 1, "after: generated adapter");
    }
  }

  private CommandLineRun quickstart(Path generator, String out) {
    return dnd(
        "quickstart",
        "--generator",
        generator,
        "--seed",
        SEED,
        "--draws",
        2,
        "--out",
        folder.resolve(out));
  }

  /** The lines of scores: four of the main figures and four on all questions. */
  private static List<String> scores(CommandLineRun run) {
    return run.out().lines().filter(line -> line.contains(" [")).toList().subList(0, 8);
  }

  /** Question by question, whether its own answer is the nearest, by nothing but its embedding. */
  private static boolean[] found(SentenceEncoder encoder) {
    QuickstartTask task = QuickstartTask.read(SEED);
    try (INDArray questions = encoder.embed(task.task().questions());
        INDArray answers = encoder.embed(task.task().answers());
        INDArray similarities = questions.mmul(answers.transpose())) {
      double[][] rows = similarities.toDoubleMatrix();
      boolean[] found = new boolean[rows.length];
      for (int i = 0; i < rows.length; i++) {
        found[i] = nearest(rows[i], rows[i][i]);
      }
      return found;
    }
  }

  private static boolean nearest(double[] row, double own) {
    return IntStream.range(0, row.length).filter(j -> row[j] > own - 1e-6).count() == 1;
  }

  private static void assertPrinted(CommandLineRun run, boolean[] found, int row, String name) {
    List<Integer> asked = QuickstartTask.read(SEED).asked();
    double main = asked.stream().filter(i -> found[i]).count() / (double) asked.size();
    double all =
        IntStream.range(0, found.length).filter(i -> found[i]).count() / (double) found.length;
    assertThat(scores(run).get(row)).startsWith(name).contains(accuracy(main));
    assertThat(scores(run).get(4 + row)).startsWith(name).contains(accuracy(all));
  }

  private static String accuracy(double value) {
    return String.format(Locale.ROOT, "  %.3f [", value);
  }

  @Test
  @DisplayName("answers bad input with one line")
  void badInput() throws IOException {
    Path generator = TinyGenerator.write(folder.resolve("generator"));
    Path file = Files.writeString(folder.resolve("file"), "");
    assertRefused(dnd("quickstart", "--draws", 0), "--draws");
    assertRefused(dnd("quickstart", "--generator", folder.resolve("nowhere")), "nowhere");
    assertRefused(dnd("quickstart", "--generator", generator, "--out", file), "is a file");
  }

  private static void assertRefused(CommandLineRun run, String part) {
    assertThat(run.exitCode()).isEqualTo(1);
    assertThat(run.err().strip().lines()).hasSize(1);
    assertThat(run.err()).startsWith("dnd: ").contains(part);
  }
}
