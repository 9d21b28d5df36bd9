package io.github.dnd4j.examples;

import static io.github.dnd4j.examples.CommandLineRun.dnd;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.dnd4j.examples.bench.RandomAdapter;
import io.github.dnd4j.examples.experiment.ExperimentSettings;
import io.github.dnd4j.lora.LoraTargets;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("dnd experiment")
class ExperimentCommandTest {

  @TempDir private Path folder;

  @Test
  @Tag("slow")
  @DisplayName("compares adapters on a held-out set, and does nothing twice")
  void wholeExperiment() throws IOException {
    // given three sets: of a file each for tuning and test, of one file, and with adapters
    Path config = config("training: {steps: 3, batch-size: 2, learning-rate: 1.0e-3}");
    // when
    CommandLineRun run = dnd("experiment", "--config", config);
    // then
    assertThat(run.exitCode()).as(run.err()).isZero();
    assertThat(run.out())
        .contains("collect roads: 2 adapters brought along", "step 3 of 3", "report of 1 of 1");
    Path out = folder.resolve("result");
    assertThat(out.resolve("adapters/rivers")).isDirectoryContaining("glob:**/2");
    assertThat(Files.readString(out.resolve("report.md")))
        .contains(
            "## rivers",
            "8 questions",
            "| bare encoder |",
            "| own tuned adapter |",
            "Time to accuracy (one run, warm): generating takes",
            "| generated, draw 2 |",
            "| training adapter: ships |",
            "](folds/rivers/adapters.png)");
    // 2 adapters each of 3 sets, 2 draws each of the set's own prompts, the same scaled, others'
    assertThat(out.resolve("folds/rivers/adapters.csv"))
        .content()
        .contains("rivers 2,rivers (held out),", "\ngenerated-1,generated,", "\nscaled-2,scaled,")
        .hasLineCount(1 + 6 + 6);
    assertThat(ImageIO.read(out.resolve("folds/rivers/adapters.png").toFile()).getWidth())
        .isEqualTo(1100);
    List<String> csv = Files.readAllLines(out.resolve("report.csv"));
    // 11 rows, and 1 bare, 2 training, 1 mean, 6 draws of 3 pools, 2 scaled, 1 mean of draws, 1 own
    assertThat(csv).hasSize(1 + 11 + 14).allMatch(line -> line.split(",", -1).length == 13);
    assertThat(csv.get(1)).matches("rivers,bare,,8,(\\S+,){6}0.0+,0.0+,0.0+");
    assertThat(ImageIO.read(out.resolve("report.png").toFile()).getHeight()).isEqualTo(560);
    // and again
    CommandLineRun again = dnd("experiment", "--config", config);
    assertThat(again.exitCode()).as(again.err()).isZero();
    assertThat(again.out().lines().filter(line -> line.endsWith(": done before")))
        .containsExactly(
            "collect rivers: done before",
            "collect ships: done before",
            "collect ships.1: done before",
            "train rivers: done before",
            "generate rivers: done before",
            "score rivers: done before",
            "map rivers: done before",
            "time-to-accuracy rivers: done before",
            "train all: done before");
    assertThat(Files.readAllLines(out.resolve("report.csv"))).isEqualTo(csv);
    // and only the generator
    CommandLineRun only = dnd("experiment", "--config", config, "--generator-only");
    assertThat(only.exitCode()).as(only.err()).isZero();
    assertThat(only.out()).contains("train all: done before").doesNotContain("score rivers");
    assertThat(folder.resolve("shipped/decoder.safetensors")).isRegularFile();
    // and with another training, which leaves the tuned adapters alone
    config("training: {steps: 2, batch-size: 2, learning-rate: 1.0e-3}");
    CommandLineRun other = dnd("experiment", "--config", config);
    assertThat(other.exitCode()).as(other.err()).isZero();
    assertThat(other.out())
        .contains("collect ships: done before", "step 2 of 2: loss")
        .doesNotContain("train rivers: done before", "score rivers: done before");
  }

  private Path config(String training) throws IOException {
    QuizFile.write(folder.resolve("rivers.json"), "river", 12);
    QuizFile.write(folder.resolve("rivers-test.json"), "stream", 8);
    QuizFile.write(folder.resolve("ships.json"), "ship", 12);
    QuizFile.write(folder.resolve("roads.json"), "road", 12);
    for (int step = 1; step <= 2; step++) {
      RandomAdapter.write(folder.resolve("roads/" + step), LoraTargets.MINILM_L6, step);
    }
    Path file = folder.resolve("experiment.yaml");
    Files.writeString(
        file,
        String.join(
            "\n",
            "out: result",
            "sets:",
            "  rivers: {pairs: rivers.json, test: rivers-test.json}",
            "  ships: {pairs: ships.json, topics: 2}",
            "  roads: {pairs: roads.json, checkpoints: roads}",
            "held-out: [rivers]",
            "generator: shipped",
            "time-to-accuracy: true",
            "draws: 2",
            "tuning: {steps: 2, batch-size: 4, snapshots: 2}",
            "decoder: {features: '(2,8,384) (324,10,130)', kernel: 1, target: minilm-l6}",
            training));
    return file;
  }

  @Test
  @DisplayName("reads the documented configuration")
  void documentedConfig() {
    // given
    Path file = Path.of("config", "experiment.yaml");
    // when
    ExperimentConfig config = ExperimentConfig.read(file);
    ExperimentSettings settings = config.settings(file);
    // then
    assertThat(settings.sets()).hasSize(8).containsKeys("ARC-c", "Mu-Math");
    assertThat(settings.heldOut()).hasSize(8);
    assertThat(settings.folder()).isEqualTo(Path.of("config/small-world").toAbsolutePath());
    assertThat(settings.sets().get("PIQA").test()).isEmpty();
    assertThat(config.decoder().preset()).isEqualTo("minilm-l6");
    // and
    Path bare = folder.resolve("bare.yaml");
    assertThat(read(bare, "").tuning()).isEqualTo(settings.tuning());
    assertThat(read(bare, "draws: 3\nquestions: 500\nmost-prompts: 500")).isEqualTo(read(bare, ""));
  }

  private static ExperimentSettings read(Path file, String more) {
    try {
      Files.writeString(
          file,
          "out: x\nsets: {a: {pairs: a.json}, b: {pairs: b.json}, c: {pairs: c.json}}\n"
              + "decoder: {preset: minilm-l6}\ntraining: {steps: 1}\n"
              + more);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
    return ExperimentConfig.read(file).settings(file);
  }

  @Test
  @DisplayName("names the entry that is unknown, wrong or missing")
  void badConfig() throws IOException {
    String rest = "decoder: {preset: minilm-l6}\ntraining: {steps: 1}\n";
    String sets = "sets: {a: {pairs: a.json}, b: {pairs: b.json}, c: {pairs: c.json}}\n" + rest;
    assertFails("outt: x", "outt");
    assertFails("out: x\n" + rest, "'sets'");
    assertFails("out: x\nsets: {a: {test: x}}\n" + rest, "'sets.a.pairs'");
    assertFails("out: x\nsets: {a: {pairs: x}}\n" + rest, "at least 3");
    assertFails("out: x\nheld-out: [d]\n" + sets, "no data sets d");
    assertFails("out: x\n" + sets.replace("a: ", "../a: "), "'../a'");
    assertFails("out: x\n" + sets, "a.json");
  }

  private void assertFails(String yaml, String message) throws IOException {
    Path config = folder.resolve("config.yaml");
    Files.writeString(config, yaml);
    CommandLineRun run = dnd("experiment", "--config", config);
    assertThat(run.exitCode()).as(yaml).isEqualTo(1);
    assertThat(run.err().strip().lines()).as(yaml).hasSize(1);
    assertThat(run.err()).as(yaml).contains(message);
  }
}
