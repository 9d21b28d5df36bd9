package io.github.dnd4j.training;

import io.github.dnd4j.TrainingPrompts;
import io.github.dnd4j.internal.HostFloats;
import io.github.dnd4j.training.Randoms.Purpose;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Draws prompts of the training sets for a generator to remember, the same for the same seed. */
final class PromptDraws {

  private static final int DRAWS = 16;

  private final ConditionCache conditions;
  private final ConditionForm form;
  private final int prompts;
  private final long seed;

  /** Creates draws of a condition's number of prompts. */
  PromptDraws(ConditionCache conditions, ConditionForm form, int prompts, long seed) {
    this.conditions = conditions;
    this.form = form;
    this.prompts = prompts;
    this.seed = seed;
  }

  /** Empty if the data sets do not allow it; see {@link TrainingPrompts.Builder#build()}. */
  Optional<TrainingPrompts> remember(PromptCheckpointDataset dataset) {
    TrainingPrompts.Builder builder = TrainingPrompts.builder();
    List<TaskData> tasks = dataset.tasks();
    for (int task = 0; tasks.size() > 1 && task < tasks.size(); task++) {
      RandomGenerator random = Randoms.of(seed, task, Purpose.REMEMBERED_PROMPTS);
      for (List<String> draw : draws(tasks.get(task), random)) {
        try (INDArray condition = condition(draw)) {
          builder.add(tasks.get(task).name(), condition);
        }
      }
    }
    return builder.build();
  }

  /** No prompt is in two draws; of a small data set all are in one of them. */
  private List<List<String>> draws(TaskData task, RandomGenerator random) {
    int size = task.examples().size();
    int draws = Math.min(DRAWS, size);
    int used = Math.min(size, DRAWS * prompts);
    int[] order = Randoms.shuffled(size, used, random);
    List<List<String>> result = new ArrayList<>();
    for (int draw = 0; draw < draws; draw++) {
      List<String> texts = new ArrayList<>();
      for (int i = used * draw / draws; i < used * (draw + 1) / draws; i++) {
        texts.add(form.text(task.examples().get(order[i]), random));
      }
      result.add(texts);
    }
    return result;
  }

  private INDArray condition(List<String> texts) {
    int length = conditions.textLength();
    int dimension = conditions.dimension();
    float[] states = new float[length * dimension];
    INDArray condition = HostFloats.uninitialized(texts.size(), length, dimension);
    try {
      HostFloats cells = HostFloats.of(condition);
      for (int i = 0; i < texts.size(); i++) {
        conditions.read(texts.get(i), states, 0);
        cells.write((long) i * states.length, states, 0, states.length);
      }
      return condition;
    } catch (RuntimeException | Error e) {
      condition.close();
      throw e;
    }
  }
}
