package io.github.dnd4j.examples.jmh;

import io.github.dnd4j.lora.LoraTarget;
import io.github.dnd4j.lora.LoraTargets;
import io.github.dnd4j.lora.ScaleEncoding;
import io.github.dnd4j.lora.WeightTokenizer;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** Weight tokens of Qwen2.5-0.5B to an adapter. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
public class WeightTokenBenchmark {

  private WeightTokenizer tokenizer;
  private INDArray tokens;

  /** Created by JMH. */
  public WeightTokenBenchmark() {}

  /** Makes random tokens. */
  @Setup
  public void open() {
    LoraTarget target = LoraTargets.QWEN25_0_5B;
    tokenizer = new WeightTokenizer(target, ScaleEncoding.reference());
    tokens =
        Nd4j.rand(DataType.FLOAT, target.tokenCount(), target.tokenHeight(), target.tokenWidth());
  }

  /** Makes an adapter of them. */
  @Benchmark
  public void detokenize() {
    tokenizer.detokenize(tokens, Map.of()).close();
  }

  /** Gives the memory back. */
  @TearDown
  public void close() {
    tokens.close();
  }
}
