package io.github.dnd4j.training;

import io.github.dnd4j.FileAccessException;
import io.github.dnd4j.InvalidInputException;
import io.github.dnd4j.internal.Checks;
import io.github.dnd4j.io.PromptExample;
import io.github.dnd4j.io.PromptFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * One data set to train from: the prompts of a task, and the LoRA checkpoints that were tuned on
 * it.
 *
 * <pre>
 * arc-challenge/
 *   prompts.json            or prompts.jsonl, prompts.txt
 *   step-51/adapter_config.json, adapter_model.safetensors
 *   step-52/...
 * </pre>
 *
 * @param name what it is called in messages and when data sets are chosen
 * @param examples its prompts, at least one, none of them blank
 * @param checkpoints its adapters, such as PEFT directories, at least one
 */
public record TaskData(String name, List<PromptExample> examples, List<Path> checkpoints) {

  private static final List<String> PROMPT_FILES =
      List.of("prompts.json", "prompts.jsonl", "prompts.txt");

  private static final String ADAPTER = "adapter_config.json";

  /**
   * Checks and copies the values.
   *
   * @param name what it is called
   * @param examples its prompts, at least one, none of them blank
   * @param checkpoints its adapters, at least one
   */
  public TaskData {
    Checks.notBlank(name, "name");
    examples = List.copyOf(Checks.notNull(examples, "examples"));
    checkpoints = List.copyOf(Checks.notNull(checkpoints, "checkpoints"));
    if (examples.isEmpty() || checkpoints.isEmpty()) {
      throw new InvalidInputException(
          "data set "
              + name
              + " has "
              + examples.size()
              + " prompts and "
              + checkpoints.size()
              + " checkpoints: it needs at least one of each");
    }
    for (int i = 0; i < examples.size(); i++) {
      if (examples.get(i).prompt().isBlank()) {
        throw new InvalidInputException(
            "data set " + name + ": prompt " + (i + 1) + " is blank: leave it out");
      }
    }
  }

  /**
   * Reads a data set that is a folder: its prompts are in {@code prompts.json}, {@code
   * prompts.jsonl} or {@code prompts.txt}, and its checkpoints are {@link #checkpointsIn in it}.
   * Its name is the folder's.
   *
   * @param folder the folder
   * @return the data set
   * @throws FileAccessException if there is not exactly one file of prompts, or no checkpoint
   * @throws io.github.dnd4j.FileFormatException if the prompts are broken
   */
  public static TaskData read(Path folder) {
    Checks.notNull(folder, "folder");
    List<Path> found = promptFiles(folder);
    if (found.size() != 1) {
      throw new FileAccessException(
          "the data set "
              + folder
              + " has "
              + (found.isEmpty() ? "no prompts" : found.size() + " files of prompts")
              + ": it needs exactly one of "
              + PROMPT_FILES);
    }
    return of(nameOf(folder), found.get(0), folder);
  }

  /**
   * Reads a data set whose parts lie anywhere.
   *
   * @param name what it is called
   * @param promptFile its prompts; see {@link PromptFile}
   * @param checkpointFolder the folder above its checkpoints; see {@link #checkpointsIn}
   * @return the data set
   * @throws FileAccessException if something is missing or unreadable
   * @throws io.github.dnd4j.FileFormatException if the prompts are broken
   */
  public static TaskData of(String name, Path promptFile, Path checkpointFolder) {
    return new TaskData(name, PromptFile.read(promptFile), checkpointsIn(checkpointFolder));
  }

  /**
   * The checkpoint of the last step.
   *
   * @return the last of the checkpoints
   */
  public Path lastCheckpoint() {
    return checkpoints.get(checkpoints.size() - 1);
  }

  /**
   * The PEFT directories in a folder: its sub-folders that hold an {@code adapter_config.json},
   * those whose names begin with a dot left out. They come in natural order, 9 before 10.
   *
   * @param folder the folder
   * @return the checkpoints, at least one
   * @throws FileAccessException if the folder cannot be read or holds none
   */
  public static List<Path> checkpointsIn(Path folder) {
    List<Path> checkpoints = subfolders(folder).stream().filter(TaskData::isCheckpoint).toList();
    if (checkpoints.isEmpty()) {
      throw new FileAccessException(
          folder + " holds no PEFT directories: name the folder above the checkpoints");
    }
    return checkpoints;
  }

  /** Whether a folder is meant to be a data set, complete or not. */
  static boolean isDataSet(Path folder) {
    return !promptFiles(folder).isEmpty()
        || subfolders(folder).stream().anyMatch(TaskData::isCheckpoint);
  }

  private static boolean isCheckpoint(Path folder) {
    return Files.isRegularFile(folder.resolve(ADAPTER));
  }

  private static List<Path> promptFiles(Path folder) {
    return PROMPT_FILES.stream().map(folder::resolve).filter(Files::exists).toList();
  }

  /**
   * Without those that begin with a dot, such as directories that were never written to the end.
   */
  static List<Path> subfolders(Path folder) {
    try (Stream<Path> entries = Files.list(Checks.notNull(folder, "folder"))) {
      return entries
          .filter(entry -> Files.isDirectory(entry) && !nameOf(entry).startsWith("."))
          .sorted((a, b) -> NaturalOrder.INSTANCE.compare(nameOf(a), nameOf(b)))
          .toList();
    } catch (IOException e) {
      throw new FileAccessException(
          "cannot read the folder " + folder + ": " + e + ". Check the path", e);
    }
  }

  /** A path's last name, also of one that is written {@code .} or {@code ..}. */
  static String nameOf(Path path) {
    return Optional.ofNullable(path.toAbsolutePath().normalize().getFileName())
        .map(Path::toString)
        .orElse("root");
  }

  /**
   * The same data set with no more prompts than a number of them.
   *
   * @param most how many; the first ones are kept
   * @return a data set of at most that many prompts
   */
  public TaskData withMostPrompts(int most) {
    Checks.positive(most, "most");
    return examples.size() <= most
        ? this
        : new TaskData(name, examples.subList(0, most), checkpoints);
  }

  @Override
  public String toString() {
    return name + " (" + examples.size() + " prompts, " + checkpoints.size() + " checkpoints)";
  }
}
