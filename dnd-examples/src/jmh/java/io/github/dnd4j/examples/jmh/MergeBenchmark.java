package io.github.dnd4j.examples.jmh;

import io.github.dnd4j.examples.bench.RandomAdapter;
import io.github.dnd4j.internal.AtomicFiles;
import io.github.dnd4j.io.LoraMerger;
import io.github.dnd4j.io.SafetensorsWriter;
import io.github.dnd4j.io.TensorType;
import io.github.dnd4j.lora.LoraModule;
import io.github.dnd4j.lora.LoraTargets;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** Merging an adapter into a small model's weights: products, rounding, and both files. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
public class MergeBenchmark {

  /** What the weights are stored as. */
  @Param({"BF16", "F16", "F32"})
  TensorType type;

  private Path folder;
  private Path base;
  private Path adapter;

  /** Created by JMH. */
  public MergeBenchmark() {}

  /**
   * Writes a base model and an adapter.
   *
   * @throws IOException if there is no temporary folder
   */
  @Setup
  public void write() throws IOException {
    folder = Files.createTempDirectory("dnd-jmh");
    base = folder.resolve("base.safetensors");
    adapter = RandomAdapter.write(folder.resolve("adapter"), LoraTargets.MINILM_L6, 0);
    Map<String, INDArray> weights = new LinkedHashMap<>();
    for (LoraModule module : LoraTargets.MINILM_L6.modules()) {
      weights.put(module.path() + ".weight", Nd4j.rand(DataType.FLOAT, module.out(), module.in()));
    }
    SafetensorsWriter.write(base, weights, type, Map.of());
    weights.values().forEach(INDArray::close);
  }

  /** Merges all of it, on all threads. */
  @Benchmark
  public void merge() {
    LoraMerger.of(adapter).merge(base, folder.resolve("merged.safetensors"));
  }

  /** Deletes the files. */
  @TearDown
  public void delete() {
    AtomicFiles.delete(folder);
  }
}
