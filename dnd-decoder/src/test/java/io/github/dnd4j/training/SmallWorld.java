package io.github.dnd4j.training;

import io.github.dnd4j.internal.HostFloats;
import io.github.dnd4j.io.PromptExample;
import io.github.dnd4j.lora.LoraAdapter;
import io.github.dnd4j.lora.LoraConfig;
import io.github.dnd4j.lora.LoraModule;
import io.github.dnd4j.lora.LoraTarget;
import io.github.dnd4j.lora.LoraWeights;
import io.github.dnd4j.lora.ScaleEncoding;
import io.github.dnd4j.lora.WeightPrecision;
import io.github.dnd4j.lora.WeightTokenizer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Data sets of a few prompts and of real PEFT directories, for a target of two small modules. */
final class SmallWorld {

  /** Modules of rank 2 and 1, so that tokens of the second have cells of no weight. */
  static final LoraTarget TARGET =
      new LoraTarget(
          "small",
          new LoraConfig(2, 4, false, 0, "base", LoraConfig.CAUSAL_LM, Map.of("k", 1), Map.of()),
          4,
          List.of(new LoraModule("layers.0.q", 8, 4, 2), new LoraModule("layers.0.k", 4, 4, 1)));

  static final ScaleEncoding ENCODING = ScaleEncoding.reference();

  static final WeightTokenizer TOKENIZER = new WeightTokenizer(TARGET, ENCODING);

  /** Numbers per token grid: 5 tokens of [4, 6]. */
  static final int TOKEN_CELLS = 5 * 4 * 6;

  private SmallWorld() {}

  /** The numbers of an adapter, module after module, A before B. */
  static float[] weights(long seed) {
    Random random = new Random(seed);
    float[] values = new float[(int) TARGET.parameterCount()];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  static LoraAdapter adapter(float[] values) {
    Map<String, LoraWeights> weights = new LinkedHashMap<>();
    int at = 0;
    for (LoraModule module : TARGET.modules()) {
      int middle = at + module.rank() * module.in();
      int end = middle + module.rank() * module.out();
      weights.put(
          module.path(),
          new LoraWeights(
              HostFloats.toTensor(
                  Arrays.copyOfRange(values, at, middle), module.rank(), module.in()),
              HostFloats.toTensor(
                  Arrays.copyOfRange(values, middle, end), module.out(), module.rank())));
      at = end;
    }
    return new LoraAdapter(TARGET.config(), weights, Map.of());
  }

  /** All numbers of an adapter, in the order of {@link #weights}. */
  static float[] numbers(LoraAdapter adapter) {
    float[] values = new float[(int) TARGET.parameterCount()];
    int at = 0;
    for (LoraModule module : TARGET.modules()) {
      for (INDArray matrix :
          List.of(adapter.weights(module.path()).a(), adapter.weights(module.path()).b())) {
        float[] part = HostFloats.toArray(matrix);
        System.arraycopy(part, 0, values, at, part.length);
        at += part.length;
      }
    }
    return values;
  }

  static float[] tokens(float[] values) {
    try (LoraAdapter adapter = adapter(values);
        INDArray tokens = TOKENIZER.tokenize(adapter)) {
      return HostFloats.toArray(tokens);
    }
  }

  /** Writes a PEFT directory. */
  static Path checkpoint(Path directory, long seed) {
    try (LoraAdapter adapter = adapter(weights(seed))) {
      adapter.save(directory, WeightPrecision.F32);
    }
    return directory;
  }

  /** A data set of labelled prompts, with checkpoints of the seeds firstSeed and following. */
  static TaskData task(Path folder, String name, int prompts, int checkpoints, long firstSeed) {
    List<PromptExample> examples =
        IntStream.range(0, prompts)
            .mapToObj(i -> PromptExample.of(name + " prompt " + i, name + " answer " + i))
            .toList();
    List<Path> paths =
        IntStream.range(0, checkpoints)
            .mapToObj(i -> checkpoint(folder.resolve(name).resolve("step-" + i), firstSeed + i))
            .toList();
    return new TaskData(name, examples, paths);
  }

  /** A data set for what reads no checkpoint. */
  static TaskData unreadTask(String name, int prompts, int checkpoints) {
    return new TaskData(
        name,
        IntStream.range(0, prompts)
            .mapToObj(i -> PromptExample.of(name + " prompt " + i, name + " answer " + i))
            .toList(),
        IntStream.range(0, checkpoints).mapToObj(i -> Path.of(name, "step-" + i)).toList());
  }
}
