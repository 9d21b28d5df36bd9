package io.github.dnd4j.examples.bench;

import io.github.dnd4j.decoder.HyperConvDecoder;
import io.github.dnd4j.encoder.SentenceEncoder;
import io.github.dnd4j.internal.AtomicFiles;
import io.github.dnd4j.io.PromptExample;
import io.github.dnd4j.lora.LoraTarget;
import io.github.dnd4j.training.DragAndDropTrainer;
import io.github.dnd4j.training.PromptCheckpointDataset;
import io.github.dnd4j.training.TaskData;
import io.github.dnd4j.training.TrainerListener;
import io.github.dnd4j.training.TrainingStep;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/** Steps of the trainer on random adapters. */
public final class TrainingSteps {

  private TrainingSteps() {}

  /**
   * Makes steps, everything included that a training run does but checkpoints.
   *
   * @param encoder makes conditions of prompts; it is closed in the end
   * @param decoder is trained; it is closed in the end
   * @param target whose adapters the decoder makes
   * @param steps how many steps
   * @param batch items per step
   * @return what each step came to
   */
  public static List<TrainingStep> make(
      SentenceEncoder encoder, HyperConvDecoder decoder, LoraTarget target, int steps, int batch) {
    Path folder = TemporaryFolder.make();
    try {
      List<TrainingStep> made = new ArrayList<>();
      DragAndDropTrainer.builder()
          .encoder(encoder)
          .decoder(decoder)
          .target(target)
          .dataset(dataset(folder, target))
          .steps(steps)
          .batchSize(batch)
          .listener(
              new TrainerListener() {
                @Override
                public void onStep(TrainingStep step) {
                  made.add(step);
                }
              })
          .build()
          .fit()
          .close();
      return List.copyOf(made);
    } finally {
      AtomicFiles.delete(folder);
    }
  }

  private static PromptCheckpointDataset dataset(Path folder, LoraTarget target) {
    List<Path> checkpoints =
        List.of(
            RandomAdapter.write(folder.resolve("1"), target, 1),
            RandomAdapter.write(folder.resolve("2"), target, 2));
    List<PromptExample> prompts =
        IntStream.range(0, 8).mapToObj(i -> PromptExample.of("prompt number " + i)).toList();
    return PromptCheckpointDataset.of(List.of(new TaskData("random", prompts, checkpoints)));
  }
}
