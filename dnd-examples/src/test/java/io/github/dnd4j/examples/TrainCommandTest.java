package io.github.dnd4j.examples;

import static io.github.dnd4j.examples.CommandLineRun.dnd;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.dnd4j.examples.TrainingHistory.Row;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("dnd train")
class TrainCommandTest {

  @TempDir private Path folder;
  private TrainingFolder training;

  @BeforeEach
  void data() throws IOException {
    training = TrainingFolder.in(folder);
  }

  @Test
  @DisplayName("makes a generator that dnd generate opens, a history and its picture")
  void trains() throws IOException {
    // given
    Path config = training.config("first", 10, "validation: {every: 5, items: 2}");
    Files.writeString(
        config,
        Files.readString(config)
            .replace("data: {root: data}", "data: {root: data, validation: [ships]}"));
    // when
    CommandLineRun run = dnd("train", "--config", config);
    // then
    assertThat(run.exitCode()).as(run.err()).isZero();
    assertThat(run.out())
        .contains("step 1 of 10: loss", "step 5: validation loss", "first: the trained generator");
    List<Row> rows = TrainingHistory.read(training.resolve("first-run/history.csv"));
    assertThat(rows).extracting(Row::step).containsExactly(1, 2, 3, 4, 5, 6, 7, 8, 9, 10);
    assertThat(rows).allMatch(row -> row.loss() > 0 && row.seconds() > 0);
    assertThat(rows.get(4).validationLoss()).isPositive();
    assertThat(rows.get(5).validationLoss()).isNaN();
    BufferedImage picture = ImageIO.read(training.resolve("first-run/history.png").toFile());
    assertThat(picture.getWidth()).isEqualTo(900);
    // and
    Path prompts = folder.resolve("data/birds/prompts.txt");
    CommandLineRun generate =
        dnd(
            "generate",
            "--generator",
            training.resolve("first"),
            "--prompts",
            prompts,
            "--out",
            folder.resolve("adapter"));
    assertThat(generate.exitCode()).as(generate.err()).isZero();
    CommandLineRun inspect = dnd("inspect", training.resolve("first"));
    assertThat(inspect.out()).contains("training steps = 10", "birds (3 prompts, 2 checkpoints)");
  }

  @Test
  @DisplayName("goes on with a history that a killed run has left longer than its checkpoint")
  void resumesHistory() throws IOException {
    // given a finished run of which the last checkpoint is lost
    Path config = training.config("run", 10);
    assertThat(dnd("train", "--config", config).exitCode()).isZero();
    Path history = training.resolve("run-run/history.csv");
    List<Row> expected = TrainingHistory.read(history);
    Files.writeString(history, Files.readString(history) + "11,0.5,0.1");
    Path last = training.resolve("run-run/checkpoints/step-0000010");
    Files.move(last, folder.resolve("lost"));
    // when
    CommandLineRun run = dnd("train", "--config", config);
    // then
    assertThat(run.exitCode()).as(run.err()).isZero();
    assertThat(run.out()).contains("resuming after step 8 of 10");
    List<Row> actual = TrainingHistory.read(history);
    assertThat(actual).extracting(Row::step).isEqualTo(expected.stream().map(Row::step).toList());
    assertThat(actual).extracting(Row::loss).isEqualTo(expected.stream().map(Row::loss).toList());
  }

  @Test
  @DisplayName("makes a generator that remembers its training prompts")
  void remembers() throws IOException {
    // given
    assertThat(dnd("train", "--config", training.config("wise", 2)).exitCode()).isZero();
    // when
    CommandLineRun run =
        dnd(
            "generate",
            "--generator",
            training.resolve("wise"),
            "--prompts",
            folder.resolve("data/ships/prompts.txt"),
            "--out",
            folder.resolve("adapter"));
    // then
    assertThat(run.out()).contains("novelty of prompts", "(nearest training set: ships)");
    assertThat(dnd("inspect", training.resolve("wise")).out())
        .contains("the prompts of 2 training sets: [birds, ships]");
  }

  @Test
  @DisplayName("reads the documented configuration")
  void documentedConfig() {
    // given
    Path config = Path.of("config", "train.yaml");
    // when
    TrainConfig read = TrainConfig.read(config);
    // then
    assertThat(read.decoder().preset()).isEqualTo("minilm-l6");
    assertThat(read.training().learningRate()).isEqualTo(3e-5);
    assertThat(read.checkpoints().keep()).isEqualTo(3);
  }

  @Test
  @DisplayName("names the entry that is unknown, wrong or missing")
  void badConfig() throws IOException {
    assertFails("outt: x", "outt");
    assertFails("out: x\ntraining: {steps: many}", "training.steps");
    assertFails("out: x\ntraining: {bad-checkpoints: ignore}", "training.bad-checkpoints");
    assertFails("out: x", "'decoder'");
    assertFails("", "No content");
    assertFails("null", "empty");
    assertFails("out: [", ", out: ");
    Path nowhere = folder.resolve("nowhere.yaml");
    assertThat(dnd("train", "--config", nowhere).err()).contains("nowhere.yaml");
    Path unknownSet = training.config("unknown", 3);
    Files.writeString(
        unknownSet,
        Files.readString(unknownSet)
            .replace("data: {root: data}", "data: {root: data, leave-out: [trains]}"));
    CommandLineRun run = dnd("train", "--config", unknownSet);
    assertThat(run.exitCode()).isEqualTo(1);
    assertThat(run.err()).contains("trains", "birds", "ships");
  }

  private void assertFails(String yaml, String message) throws IOException {
    Path config = folder.resolve("config.yaml");
    Files.writeString(config, yaml);
    CommandLineRun run = dnd("train", "--config", config);
    assertThat(run.exitCode()).as(yaml).isEqualTo(1);
    assertThat(run.err().strip().lines()).as(yaml).hasSize(1);
    assertThat(run.err()).as(yaml).contains("config.yaml", message);
  }
}
