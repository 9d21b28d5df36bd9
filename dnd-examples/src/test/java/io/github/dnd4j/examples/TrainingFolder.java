package io.github.dnd4j.examples;

import io.github.dnd4j.examples.bench.RandomAdapter;
import io.github.dnd4j.lora.LoraTargets;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A folder to train in: two data sets of a few prompts and two adapters for all-MiniLM-L6-v2 each,
 * and configurations of a decoder of one small stage.
 */
record TrainingFolder(Path folder) {

  static TrainingFolder in(Path folder) throws IOException {
    for (String set : new String[] {"birds", "ships"}) {
      Path data = Files.createDirectories(folder.resolve("data").resolve(set));
      Files.writeString(
          data.resolve("prompts.txt"),
          "How do " + set + " move?\nWhere are " + set + " seen?\nWho named the " + set + "?\n");
      for (int step = 1; step <= 2; step++) {
        RandomAdapter.write(
            data.resolve("step-" + step), LoraTargets.MINILM_L6, set.hashCode() + step);
      }
    }
    return new TrainingFolder(folder);
  }

  /** Writes a configuration whose run and result have its name. */
  Path config(String name, int steps, String... more) throws IOException {
    Path file = folder.resolve(name + ".yaml");
    Files.writeString(
        file,
        String.join(
            "\n",
            "out: " + name,
            "decoder: {features: '(2,8,384) (324,10,130)', kernel: 1, target: minilm-l6}",
            "data: {root: data}",
            "training: {steps: " + steps + ", batch-size: 2, learning-rate: 1.0e-3}",
            "checkpoints: {every: 4, keep: 2}",
            String.join("\n", more)));
    return file;
  }

  Path resolve(String name) {
    return folder.resolve(name);
  }
}
