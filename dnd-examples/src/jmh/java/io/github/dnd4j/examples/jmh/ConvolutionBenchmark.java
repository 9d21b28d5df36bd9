package io.github.dnd4j.examples.jmh;

import io.github.dnd4j.decoder.Convolution;
import io.github.dnd4j.decoder.ConvolutionEngine;
import java.util.Arrays;
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

/** Forward passes of convolutions of the decoder's kind, directly and by Fourier transforms. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
public class ConvolutionBenchmark {

  /** Channels of input and output, height and width of the planes, and the kernel's size. */
  @Param({"384,300,96,128,9", "256,512,25,200,9", "1024,1024,10,50,9", "200,130,10,256,9"})
  String shape;

  /** What computes them. */
  @Param({"DIRECT", "FAST"})
  ConvolutionEngine engine;

  private Convolution convolution;
  private INDArray maps;
  private INDArray weight;

  /** Created by JMH. */
  public ConvolutionBenchmark() {}

  /** Makes random maps and weights. */
  @Setup
  public void open() {
    int[] sizes = Arrays.stream(shape.split(",")).mapToInt(Integer::parseInt).toArray();
    convolution = engine.create();
    maps = Nd4j.rand(DataType.FLOAT, 1, sizes[0], sizes[2], sizes[3]);
    weight = Nd4j.rand(DataType.FLOAT, sizes[1], sizes[0], sizes[4], sizes[4]);
  }

  /** A forward pass of one item without a bias. */
  @Benchmark
  public void forward() {
    convolution.forward(maps, weight, null).close();
  }

  /** Gives the memory back. */
  @TearDown
  public void close() {
    convolution.close();
    maps.close();
    weight.close();
  }
}
