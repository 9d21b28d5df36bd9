package io.github.dnd4j.training;

import io.github.dnd4j.DragAndDropException;
import io.github.dnd4j.NativeMemoryException;
import io.github.dnd4j.internal.HostFloats;
import io.github.dnd4j.lora.LoraAdapter;
import io.github.dnd4j.lora.LoraModule;
import io.github.dnd4j.lora.LoraTarget;
import io.github.dnd4j.lora.LoraWeights;
import io.github.dnd4j.lora.ScaleEncoding;
import io.github.dnd4j.lora.WeightTokenizer;
import io.github.dnd4j.training.TrainingItem.Part;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiConsumer;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The weight tokens of checkpoints and of their means. Those used last are kept on the Java heap,
 * within a budget. For one thread at a time.
 */
final class CheckpointTokens {

  private final LoraTarget target;
  private final WeightTokenizer tokenizer;
  private final boolean meansNeeded;
  private final long budgetBytes;
  private final BadCheckpoints policy;
  private final BiConsumer<Path, DragAndDropException> onBadCheckpoint;

  private final Map<Path, Checkpoint> kept = new LinkedHashMap<>(16, 0.75f, true);
  private final Set<Path> bad = new HashSet<>();
  private long keptBytes;

  /** A checkpoint as weight tokens, and as A and B of all modules, if means are taken of those. */
  private static final class Checkpoint {
    private final float[] tokens;
    private final float[] weights;

    private Checkpoint(float[] tokens, float[] weights) {
      this.tokens = tokens;
      this.weights = weights;
    }

    private long bytes() {
      return (long) Float.BYTES * (tokens.length + weights.length);
    }
  }

  CheckpointTokens(
      LoraTarget target,
      ScaleEncoding encoding,
      boolean meansNeeded,
      long budgetBytes,
      BadCheckpoints policy,
      BiConsumer<Path, DragAndDropException> onBadCheckpoint) {
    this.target = target;
    this.tokenizer = new WeightTokenizer(target, encoding);
    this.meansNeeded = meansNeeded;
    this.budgetBytes = budgetBytes;
    this.policy = policy;
    this.onBadCheckpoint = onBadCheckpoint;
  }

  /** What an item is to give, {@code T * h * w} numbers, which are not to be changed. */
  float[] of(List<Part> parts) {
    if (parts.size() == 1) {
      return checkpoint(parts.get(0)).tokens;
    }
    List<Checkpoint> checkpoints = parts.stream().map(this::checkpoint).toList();
    float[] mean = new float[checkpoints.get(0).weights.length];
    for (int i = 0; i < mean.length; i++) {
      double sum = 0;
      for (int part = 0; part < checkpoints.size(); part++) {
        sum += parts.get(part).share() * checkpoints.get(part).weights[i];
      }
      mean[i] = (float) sum;
    }
    try (LoraAdapter adapter = adapter(mean)) {
      return tokens(adapter);
    }
  }

  /** A part's checkpoint, or the next one of its data set that can be used. */
  private Checkpoint checkpoint(Part part) {
    List<Path> all = part.task().checkpoints();
    for (int i = 0; i < all.size(); i++) {
      Path path = all.get((part.checkpointIndex() + i) % all.size());
      Checkpoint found = bad.contains(path) ? null : usable(path, part.task());
      if (found != null) {
        return found;
      }
    }
    throw new DragAndDropException(
        "not one of the "
            + all.size()
            + " checkpoints of data set "
            + part.task().name()
            + " can be used, as was said of each: leave it out, or mend them");
  }

  /** Null if it is to be skipped. */
  private Checkpoint usable(Path path, TaskData task) {
    Checkpoint checkpoint = kept.get(path);
    if (checkpoint != null) {
      return checkpoint;
    }
    try {
      checkpoint = load(path);
    } catch (NativeMemoryException e) {
      throw e; // not the checkpoint's fault
    } catch (DragAndDropException e) {
      if (Thread.currentThread().isInterrupted()) {
        throw e; // which breaks off reading any file
      }
      reject(path, task, e);
      return null;
    }
    keep(path, checkpoint);
    return checkpoint;
  }

  private void reject(Path path, TaskData task, DragAndDropException e) {
    if (policy == BadCheckpoints.STOP) {
      throw new DragAndDropException(
          "the checkpoint "
              + path
              + " of data set "
              + task.name()
              + " cannot be used: "
              + e.getMessage()
              + ". Mend or remove it, or have bad checkpoints skipped",
          e);
    }
    bad.add(path);
    onBadCheckpoint.accept(path, e);
  }

  private Checkpoint load(Path path) {
    try (LoraAdapter adapter = LoraAdapter.load(path)) {
      float[] tokens = tokens(adapter); // checks that it fits the target
      return new Checkpoint(tokens, meansNeeded ? weights(adapter) : new float[0]);
    }
  }

  private float[] tokens(LoraAdapter adapter) {
    try (INDArray tokens = tokenizer.tokenize(adapter)) {
      return HostFloats.toArray(tokens);
    }
  }

  private float[] weights(LoraAdapter adapter) {
    float[] weights = new float[Math.toIntExact(target.parameterCount())];
    int at = 0;
    for (LoraModule module : target.modules()) {
      LoraWeights pair = adapter.weights(module.path());
      for (INDArray matrix : List.of(pair.a(), pair.b())) {
        int length = (int) matrix.length();
        HostFloats.of(matrix).read(0, weights, at, length);
        at += length;
      }
    }
    return weights;
  }

  /** The inverse of {@link #weights}. */
  private LoraAdapter adapter(float[] values) {
    Map<String, LoraWeights> weights = new LinkedHashMap<>();
    try {
      int at = 0;
      for (LoraModule module : target.modules()) {
        int endOfA = at + module.rank() * module.in();
        int end = endOfA + module.rank() * module.out();
        INDArray a = tensor(values, at, endOfA, module.rank(), module.in());
        INDArray b = tensor(values, endOfA, end, module.out(), module.rank());
        weights.put(module.path(), new LoraWeights(a, b));
        at = end;
      }
      return new LoraAdapter(target.config(), weights, Map.of());
    } catch (RuntimeException | Error e) {
      weights.values().forEach(CheckpointTokens::close);
      throw e;
    }
  }

  private static INDArray tensor(float[] values, int from, int to, long... shape) {
    return HostFloats.toTensor(Arrays.copyOfRange(values, from, to), shape);
  }

  private static void close(LoraWeights weights) {
    weights.a().close();
    weights.b().close();
  }

  private void keep(Path path, Checkpoint checkpoint) {
    kept.put(path, checkpoint);
    keptBytes += checkpoint.bytes();
    var eldest = kept.values().iterator();
    while (keptBytes > budgetBytes) {
      keptBytes -= eldest.next().bytes();
      eldest.remove();
    }
  }

  /** Frees what is kept. */
  void clear() {
    kept.clear();
    keptBytes = 0;
  }
}
