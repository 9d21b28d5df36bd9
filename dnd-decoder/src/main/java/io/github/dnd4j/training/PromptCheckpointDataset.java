package io.github.dnd4j.training;

import io.github.dnd4j.FileAccessException;
import io.github.dnd4j.InvalidInputException;
import io.github.dnd4j.internal.Checks;
import io.github.dnd4j.internal.Hashes;
import io.github.dnd4j.io.PromptExample;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;

/**
 * What a decoder is trained from: data sets, each of prompts and of LoRA checkpoints. A training
 * item is a checkpoint with prompts drawn at random from its data set; pairing them anew every time
 * is what gives Drag-and-Drop its name (arXiv 2506.16406, section 2).
 *
 * <pre>{@code
 * PromptCheckpointDataset all = PromptCheckpointDataset.open(Path.of("data"));
 * PromptCheckpointDataset training = all.without("ARC-c"); // leave one out
 * }</pre>
 *
 * <p>Immutable.
 */
public final class PromptCheckpointDataset {

  private final List<TaskData> tasks;

  private PromptCheckpointDataset(List<TaskData> tasks) {
    this.tasks = tasks;
  }

  /**
   * Reads all data sets in a folder: its sub-folders that hold prompts or checkpoints, in natural
   * order; see {@link TaskData#read}. Others, and those whose names begin with a dot, are left out.
   *
   * @param root the folder above the data sets
   * @return the data sets
   * @throws FileAccessException if there are none, or one of them is incomplete
   * @throws io.github.dnd4j.FileFormatException if prompts are broken
   */
  public static PromptCheckpointDataset open(Path root) {
    List<TaskData> found =
        TaskData.subfolders(root).stream().filter(TaskData::isDataSet).map(TaskData::read).toList();
    if (found.isEmpty()) {
      throw new FileAccessException(
          root
              + " holds no data sets: each is a folder with prompts.json, prompts.jsonl or"
              + " prompts.txt and with a sub-folder for every checkpoint");
    }
    return of(found);
  }

  /**
   * Makes a whole of data sets.
   *
   * @param tasks the data sets, at least one, of different names
   * @return the whole
   */
  public static PromptCheckpointDataset of(List<TaskData> tasks) {
    List<TaskData> copy = List.copyOf(Checks.notNull(tasks, "tasks"));
    if (copy.isEmpty()) {
      throw new InvalidInputException("no data sets: training needs at least one");
    }
    Set<String> names = new LinkedHashSet<>();
    for (TaskData task : copy) {
      if (!names.add(task.name())) {
        throw new InvalidInputException(
            "two data sets are called " + task.name() + ": give them different names");
      }
    }
    return new PromptCheckpointDataset(copy);
  }

  /**
   * The data sets.
   *
   * @return all of them, in their order
   */
  public List<TaskData> tasks() {
    return tasks;
  }

  /**
   * All data sets but some, to hold those out.
   *
   * @param names which to leave out
   * @return the others, at least one
   * @throws InvalidInputException if there is no data set of such a name, or none is left
   */
  public PromptCheckpointDataset without(String... names) {
    Set<String> excluded = known(names);
    return select(task -> !excluded.contains(task.name()));
  }

  /**
   * Some of the data sets.
   *
   * @param names which to keep, at least one
   * @return these, in the order that they have here
   * @throws InvalidInputException if there is no data set of such a name
   */
  public PromptCheckpointDataset only(String... names) {
    Set<String> kept = known(names);
    return select(task -> kept.contains(task.name()));
  }

  private PromptCheckpointDataset select(Predicate<TaskData> which) {
    return of(tasks.stream().filter(which).toList());
  }

  private Set<String> known(String... names) {
    List<String> present = tasks.stream().map(TaskData::name).toList();
    Set<String> asked = new LinkedHashSet<>();
    for (String name : Checks.notNull(names, "names")) {
      if (!present.contains(Checks.notNull(name, "name"))) {
        throw new InvalidInputException(
            "there is no data set " + name + ": there are " + String.join(", ", present));
      }
      asked.add(name);
    }
    return asked;
  }

  /**
   * How many checkpoints there are in all. So many items make an epoch.
   *
   * @return the sum over the data sets
   */
  public int checkpointCount() {
    return tasks.stream().mapToInt(task -> task.checkpoints().size()).sum();
  }

  /**
   * A hash by which a run that goes on can tell that its data are still the same. It covers the
   * names of the data sets, all texts and the names of the checkpoints' folders, but not where they
   * lie, nor what is in the checkpoints.
   *
   * @return SHA-256 in 64 hexadecimal digits
   */
  public String fingerprint() {
    List<String> texts = new ArrayList<>();
    for (TaskData task : tasks) {
      texts.add(task.name());
      texts.add(Integer.toString(task.examples().size()));
      for (PromptExample example : task.examples()) {
        texts.add(example.prompt());
        texts.add(example.answer().orElse("")); // an answer is never blank
      }
      texts.add(Integer.toString(task.checkpoints().size()));
      task.checkpoints().forEach(checkpoint -> texts.add(TaskData.nameOf(checkpoint)));
    }
    return Hashes.sha256(texts);
  }

  @Override
  public String toString() {
    return tasks.toString();
  }
}
