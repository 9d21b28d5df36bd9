package io.github.dnd4j.examples.jmh;

import io.github.dnd4j.encoder.SentenceEncoder;
import io.github.dnd4j.spi.ProgressListener;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** The encoder on four texts: attention and feed-forward parts of all its layers. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
public class EncoderBenchmark {

  /** Tokens of a text, padding included. */
  @Param({"64", "384"})
  int textLength;

  private SentenceEncoder encoder;
  private List<String> texts;

  /** Created by JMH. */
  public EncoderBenchmark() {}

  /** Opens the encoder and makes texts that fill their windows. */
  @Setup
  public void open() {
    encoder = SentenceEncoder.allMiniLmL6V2();
    texts =
        List.of("one ", "two ", "three ", "four ").stream()
            .map(word -> word.repeat(textLength))
            .toList();
  }

  /** Hidden states of all tokens. */
  @Benchmark
  public void encode() {
    encoder.encode(texts, textLength, ProgressListener.NONE).close();
  }

  /** Closes the encoder. */
  @TearDown
  public void close() {
    encoder.close();
  }
}
