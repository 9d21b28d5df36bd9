package io.github.dnd4j.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.dnd4j.FileAccessException;
import io.github.dnd4j.InvalidInputException;
import io.github.dnd4j.io.PromptExample;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("Data sets of prompts and checkpoints")
class PromptCheckpointDatasetTest {

  @TempDir private Path root;

  private Path dataSet(String name, String... checkpoints) throws IOException {
    Path folder = Files.createDirectories(root.resolve(name));
    Files.writeString(
        folder.resolve("prompts.json"),
        "[{\"prompt\": \"What is %s?\", \"response\": \"It is.\"}, \"Why?\"]".formatted(name));
    for (String checkpoint : checkpoints) {
      SmallWorld.checkpoint(folder.resolve(checkpoint), 1);
    }
    return folder;
  }

  private static List<String> names(PromptCheckpointDataset dataset) {
    return dataset.tasks().stream().map(TaskData::name).toList();
  }

  @Test
  @DisplayName("are read from folders of prompts and PEFT directories, 9 before 10")
  void read() throws IOException {
    // given a folder with checkpoints, one that was never finished, and something else
    Path folder = dataSet("arc", "step-10", "step-9", ".step-11.tmp");
    Files.createDirectory(folder.resolve("plots"));
    // when
    TaskData task = TaskData.read(folder);
    // then
    assertThat(task.name()).isEqualTo("arc");
    assertThat(task.examples())
        .containsExactly(PromptExample.of("What is arc?", "It is."), PromptExample.of("Why?"));
    assertThat(task.checkpoints())
        .containsExactly(folder.resolve("step-9"), folder.resolve("step-10"));
    assertThat(task).hasToString("arc (2 prompts, 2 checkpoints)");
  }

  @Test
  @DisplayName("may have their prompts elsewhere")
  void partsAnywhere() throws IOException {
    Path folder = dataSet("arc", "a");
    Path prompts = Files.writeString(root.resolve("questions.txt"), "One?\nTwo?\n");
    TaskData task = TaskData.of("questions", prompts, folder);
    assertThat(task.examples()).containsExactly(PromptExample.of("One?"), PromptExample.of("Two?"));
    assertThat(task.checkpoints()).containsExactly(folder.resolve("a"));
  }

  @Test
  @DisplayName("are refused without prompts, with two files of them, without checkpoints")
  void incomplete() throws IOException {
    Path noPrompts = dataSet("a", "1");
    Files.delete(noPrompts.resolve("prompts.json"));
    assertThatThrownBy(() -> TaskData.read(noPrompts))
        .isInstanceOf(FileAccessException.class)
        .hasMessageContaining(noPrompts + " has no prompts")
        .hasMessageContaining("prompts.jsonl");

    Path twoFiles = dataSet("b", "1");
    Files.writeString(twoFiles.resolve("prompts.txt"), "Why?");
    assertThatThrownBy(() -> TaskData.read(twoFiles))
        .isInstanceOf(FileAccessException.class)
        .hasMessageContaining("has 2 files of prompts");

    Path noCheckpoints = dataSet("c");
    assertThatThrownBy(() -> TaskData.read(noCheckpoints))
        .isInstanceOf(FileAccessException.class)
        .hasMessageContaining(noCheckpoints + " holds no PEFT directories");

    assertThatThrownBy(() -> TaskData.checkpointsIn(root.resolve("none")))
        .isInstanceOf(FileAccessException.class)
        .hasMessageContaining("none");

    List<Path> checkpoints = List.of(root);
    List<PromptExample> blank = List.of(PromptExample.of("a"), PromptExample.of(" "));
    assertThatThrownBy(() -> new TaskData("d", blank, checkpoints))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("data set d: prompt 2 is blank");
    assertThatThrownBy(() -> new TaskData("d", List.of(), checkpoints))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("0 prompts and 1 checkpoints");
  }

  @Test
  @DisplayName("are opened together from the folder above them; what is no data set is left out")
  void open() throws IOException {
    // given
    dataSet("set-10", "1", "2");
    dataSet("set-9", "1");
    Files.createDirectory(root.resolve("cache"));
    // when
    PromptCheckpointDataset dataset = PromptCheckpointDataset.open(root);
    // then
    assertThat(names(dataset)).containsExactly("set-9", "set-10");
    assertThat(dataset.checkpointCount()).isEqualTo(3);
  }

  @Test
  @DisplayName("are refused when there are none, or one has checkpoints but no prompts")
  void refused() throws IOException {
    assertThatThrownBy(() -> PromptCheckpointDataset.open(root))
        .isInstanceOf(FileAccessException.class)
        .hasMessageContaining("holds no data sets");
    assertThatThrownBy(() -> PromptCheckpointDataset.of(List.of()))
        .isInstanceOf(InvalidInputException.class);
    Files.delete(dataSet("arc", "1").resolve("prompts.json"));
    assertThatThrownBy(() -> PromptCheckpointDataset.open(root))
        .isInstanceOf(FileAccessException.class)
        .hasMessageContaining("arc has no prompts");
    TaskData twin = SmallWorld.unreadTask("twin", 1, 1);
    assertThatThrownBy(() -> PromptCheckpointDataset.of(List.of(twin, twin)))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("two data sets are called twin");
  }

  @Test
  @DisplayName("can be held out or chosen by name")
  void chosen() {
    PromptCheckpointDataset dataset =
        PromptCheckpointDataset.of(
            List.of(
                SmallWorld.unreadTask("a", 1, 1),
                SmallWorld.unreadTask("b", 1, 2),
                SmallWorld.unreadTask("c", 1, 3)));
    assertThat(names(dataset.without("b"))).containsExactly("a", "c");
    assertThat(names(dataset.only("c", "a"))).containsExactly("a", "c");
    assertThat(names(dataset)).containsExactly("a", "b", "c");
    assertThatThrownBy(() -> dataset.without("x"))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("no data set x: there are a, b, c");
    assertThatThrownBy(() -> dataset.only("a", "y"))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("no data set y");
    assertThatThrownBy(() -> dataset.without("a", "b", "c"))
        .isInstanceOf(InvalidInputException.class);
  }

  @Test
  @DisplayName("have a fingerprint of their content, wherever they lie")
  void fingerprint() throws IOException {
    // given the same data set in two places
    Path here = dataSet("here/arc", "1", "2");
    Path there = Files.createDirectories(root.resolve("there")).resolve("arc");
    String fingerprint = fingerprint(TaskData.read(here));
    Files.move(here, there);
    TaskData moved = TaskData.read(there);
    // then
    assertThat(fingerprint).hasSize(64).isEqualTo(fingerprint(moved));
    // but not when a name, a text or a checkpoint differs
    List<PromptExample> examples = moved.examples();
    List<Path> checkpoints = moved.checkpoints();
    List<PromptExample> swapped = List.of(examples.get(1), examples.get(0));
    assertThat(fingerprint)
        .isNotEqualTo(fingerprint(new TaskData("brc", examples, checkpoints)))
        .isNotEqualTo(fingerprint(new TaskData("arc", swapped, checkpoints)))
        .isNotEqualTo(fingerprint(new TaskData("arc", examples, checkpoints.subList(0, 1))));
  }

  private static String fingerprint(TaskData task) {
    return PromptCheckpointDataset.of(List.of(task)).fingerprint();
  }
}
