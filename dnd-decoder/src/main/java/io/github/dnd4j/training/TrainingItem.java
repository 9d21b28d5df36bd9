package io.github.dnd4j.training;

import java.util.List;

/**
 * What one training item is made of.
 *
 * @param index its number in the whole of training, from 0
 * @param parts one part, or several of an item that is mixed from several data sets
 */
record TrainingItem(long index, List<Part> parts) {

  TrainingItem {
    parts = List.copyOf(parts);
  }

  /**
   * What an item takes from one data set.
   *
   * @param task the data set
   * @param checkpointIndex which of its checkpoints
   * @param share how much the checkpoint counts in the target: its prompts' share of all
   * @param texts the texts of its prompts, at least one
   */
  record Part(TaskData task, int checkpointIndex, double share, List<String> texts) {
    Part {
      texts = List.copyOf(texts);
    }
  }
}
