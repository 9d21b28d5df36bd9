package io.github.dnd4j.io;

import io.github.dnd4j.DragAndDropException;
import io.github.dnd4j.FileAccessException;
import io.github.dnd4j.InvalidInputException;
import io.github.dnd4j.internal.AtomicFiles;
import io.github.dnd4j.internal.Checks;
import io.github.dnd4j.lora.LoraAdapter;
import io.github.dnd4j.spi.ProgressListener;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/**
 * Merges an adapter into the weights of its base model: {@code W + scale * B @ A}, so that the
 * result runs where LoRA is not known, and as fast as the base.
 *
 * <pre>{@code
 * try (LoraAdapter adapter = LoraAdapter.load(Path.of("my-adapter"))) {
 *   LoraMerger.of(adapter).scale(0.8).merge(Path.of("Qwen2.5-0.5B-Instruct"), Path.of("merged"));
 * }
 * }</pre>
 *
 * <p>The result has the names, shapes, types, metadata and shards of the base. Weights of types
 * F32, F16 and BF16 can be merged into: sums are taken in double precision and rounded once, to the
 * nearest, ties to even. All other tensors are copied byte by byte. Files are worked through in
 * blocks of rows, so that memory does not depend on their size.
 *
 * <p>A module {@code P} of the adapter changes the base's tensor {@code P.weight}. If there is none
 * of just that name, the prefixes {@code model.}, {@code base_model.model.} and {@code bert.} of
 * either name are passed over, as long as that leads to one tensor only.
 */
public final class LoraMerger {

  private final Supplier<MergeAdapter> adapter;
  private double scale = 1;
  private ProgressListener listener = ProgressListener.NONE;

  private LoraMerger(Supplier<MergeAdapter> adapter) {
    this.adapter = adapter;
  }

  /**
   * A merger of an adapter.
   *
   * @param adapter what to merge; it stays the caller's and has to live until the merging is done
   * @return the merger
   */
  public static LoraMerger of(LoraAdapter adapter) {
    Checks.notNull(adapter, "adapter");
    return new LoraMerger(() -> MergeAdapter.of(adapter));
  }

  /**
   * A merger of an adapter that is in files. Matrices of a PEFT directory are read one by one, and
   * without ND4J, whose start takes about a second; adapters of other formats are loaded.
   *
   * @param adapter the adapter, in any format that {@link LoraAdapter#load} knows; it is opened
   *     when {@link #merge} is called, which then throws what loading it would
   * @return the merger
   */
  public static LoraMerger of(Path adapter) {
    Checks.notNull(adapter, "adapter");
    return new LoraMerger(() -> PeftMergeAdapter.open(adapter));
  }

  /**
   * Merges more or less of the adapter.
   *
   * @param factor what its dW is multiplied with, a finite number; 1 unless set
   * @return this merger
   */
  public LoraMerger scale(double factor) {
    if (!Double.isFinite(factor)) {
      throw new InvalidInputException("the scale must be a finite number, but is " + factor);
    }
    this.scale = factor;
    return this;
  }

  /**
   * Tells how far the merging is.
   *
   * @param progress hears of bytes written, on the thread that calls {@link #merge}
   * @return this merger
   */
  public LoraMerger listener(ProgressListener progress) {
    this.listener = Checks.notNull(progress, "listener");
    return this;
  }

  /**
   * Merges.
   *
   * @param base a safetensors file, or a model directory with {@code model.safetensors} or with
   *     {@code model.safetensors.index.json} and its shards. It is not changed
   * @param destination where the result goes, which appears whole or not at all: for a file a file,
   *     for a directory one that does not exist yet, with the configuration, tokenizer and other
   *     files of the base as well; weights in other formats are left out, as nothing is merged into
   *     them
   * @return what was done
   * @throws InvalidInputException if the base has no weight for a module of the adapter, or more
   *     than one, or one of another type; nothing is written then
   * @throws io.github.dnd4j.ShapeMismatchException if a weight has another shape than the module;
   *     likewise
   * @throws io.github.dnd4j.FileFormatException if a file of the base is broken; likewise
   * @throws FileAccessException if reading or writing fails
   * @throws DragAndDropException if a sum is beyond what the weight's type can hold, or the thread
   *     is interrupted; the destination is then as it was before
   */
  public MergeSummary merge(Path base, Path destination) {
    Checks.notNull(base, "base");
    Checks.notNull(destination, "destination");
    try (MergeAdapter opened = adapter.get()) {
      return Files.isDirectory(base)
          ? mergeDirectory(opened, base, destination)
          : mergeFile(opened, base, destination);
    }
  }

  private MergeSummary mergeFile(MergeAdapter opened, Path base, Path destination) {
    if (Files.exists(destination) && isSame(base, destination)) {
      throw new InvalidInputException(
          destination + " is the base itself: choose another name for the result");
    }
    try (OpenShards shards = OpenShards.open(List.of(base))) {
      MergePlan plan = MergePlan.of(opened, scale, shards.files());
      AtomicFiles.writeFile(
          destination, temporary -> MergeRun.write(plan, listener, List.of(temporary)));
      return plan.summary(List.of());
    }
  }

  private MergeSummary mergeDirectory(MergeAdapter opened, Path base, Path destination) {
    if (Files.exists(destination)) {
      throw new FileAccessException(
          destination + " exists already: choose a new place for the merged model");
    }
    ModelDirectory model = ModelDirectory.of(base);
    try (OpenShards shards = OpenShards.open(model.shards())) {
      model.check(shards.files());
      MergePlan plan = MergePlan.of(opened, scale, shards.files());
      AtomicFiles.writeDirectory(
          destination,
          temporary -> {
            model.copyOthers(temporary);
            List<Path> targets = new ArrayList<>();
            for (Path shard : model.shards()) {
              targets.add(temporary.resolve(shard.getFileName()));
            }
            MergeRun.write(plan, listener, targets);
          });
      return plan.summary(model.leftOut());
    }
  }

  private static boolean isSame(Path base, Path destination) {
    try {
      return Files.isSameFile(base, destination);
    } catch (IOException e) {
      throw new FileAccessException(
          "cannot read " + base + ": " + e + ". Check that the file exists and may be read", e);
    }
  }
}
