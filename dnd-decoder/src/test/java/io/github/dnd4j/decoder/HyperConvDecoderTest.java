package io.github.dnd4j.decoder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.dnd4j.DragAndDropException;
import io.github.dnd4j.InvalidInputException;
import io.github.dnd4j.NativeMemoryException;
import io.github.dnd4j.ShapeMismatchException;
import io.github.dnd4j.decoder.LengthSqueeze.Variant;
import io.github.dnd4j.spi.ProgressListener;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

@DisplayName("The hyper-convolutional decoder")
class HyperConvDecoderTest {

  /** Its second and third stage are of one shape, and have residuals. */
  private static final HyperConvConfig CONFIG =
      HyperConvConfig.of("(3,8,10) (4,6,7) (4,6,7) (4,6,7) (5,4,6)", 3)
          .withSqueeze(new LengthSqueeze(Variant.PERMUTE, 12));

  private static final HyperConvConfig WIDE = HyperConvConfig.of("(40,30,50) (60,40,60)", 5);

  @Test
  @DisplayName("starts from the same weights with the same seed, and from others with another")
  void seeds() {
    // given
    try (HyperConvDecoder first = HyperConvDecoder.fresh(CONFIG, 1);
        HyperConvDecoder again = HyperConvDecoder.fresh(CONFIG, 1);
        HyperConvDecoder other = HyperConvDecoder.fresh(CONFIG, 2)) {
      // then
      assertThat(Tensors.values(again.graph().params()))
          .isEqualTo(Tensors.values(first.graph().params()));
      assertThat(again.fingerprint()).isEqualTo(first.fingerprint()).matches("[0-9a-f]{64}");
      assertThat(other.fingerprint()).isNotEqualTo(first.fingerprint());
      random(first)
          .forEach(
              (name, values) -> assertThat(values).as(name).isNotEqualTo(random(other).get(name)));
    }
  }

  @Test
  @DisplayName("gives no two of its weights the same values, nor those of a neighbouring seed")
  void independentWeights() {
    // given weights of several stages and decoders, some of the same shape and bounds
    List<float[]> values = new ArrayList<>();
    for (long seed = 0; seed < 4; seed++) {
      try (HyperConvDecoder decoder = HyperConvDecoder.fresh(CONFIG, seed)) {
        values.addAll(random(decoder).values());
      }
    }
    // then the first values of no two are proportional, as they would be from the same stream
    List<Float> ratios = values.stream().map(v -> v[1] / v[0]).toList();
    assertThat(ratios).doesNotHaveDuplicates();
  }

  @Test
  @DisplayName("starts from PyTorch's distributions")
  void distributions() {
    // given
    try (HyperConvDecoder decoder =
        HyperConvDecoder.fresh(WIDE.withSqueeze(new LengthSqueeze(Variant.RESHAPE, 70)), 5)) {
      Map<String, INDArray> parameters = DecoderGraph.parametersByFileName(decoder.graph());
      String stage = "model.decoder.module_list.0.";
      // then
      assertUniform(parameters.get(stage + "linear1.conv1w.weight"), 1 / Math.sqrt(50 * 25));
      assertUniform(parameters.get(stage + "linear1.conv1h.weight"), 1 / Math.sqrt(30 * 25));
      assertUniform(parameters.get(stage + "linear1.conv2h.weight"), 1 / Math.sqrt(30 * 25));
      assertUniform(parameters.get(stage + "linear1.conv2w.weight"), 1 / Math.sqrt(50 * 25));
      assertUniform(parameters.get(stage + "linear1.bias"), 1.0 / (40 * 60));
      assertUniform(parameters.get(stage + "linear2.weight"), 1 / Math.sqrt(40 * 25));
      assertUniform(parameters.get(stage + "linear2.bias"), 1 / Math.sqrt(40 * 25));
      assertUniform(parameters.get("down_proj.weight"), 1 / Math.sqrt(70));
      assertUniform(parameters.get("down_proj.bias"), 1 / Math.sqrt(70));
      assertUniform(parameters.get("gate_proj.weight"), 1 / Math.sqrt(30));
      assertUniform(parameters.get("gate_proj.bias"), 1 / Math.sqrt(30));
      assertThat(Tensors.values(parameters.get(stage + "linear1.norm.weight"))).containsOnly(1);
      assertThat(Tensors.values(parameters.get(stage + "linear1.norm.bias"))).containsOnly(0);
      assertThat(parameters).hasSize(13);
    }
  }

  @ParameterizedTest
  @EnumSource(Variant.class)
  @DisplayName("decodes each condition of a batch as if it were alone")
  void batch(Variant variant) {
    // given
    HyperConvConfig config = CONFIG.withSqueeze(new LengthSqueeze(variant, 12));
    try (HyperConvDecoder decoder = HyperConvDecoder.fresh(config, 1);
        INDArray both = Tensors.gaussian(3, 2, 3, 12, 10);
        INDArray tokens = decoder.decode(both, ProgressListener.NONE)) {
      for (int i = 0; i < 2; i++) {
        // when
        INDArray view = example(both, i);
        try (INDArray alone = decoder.decode(view, ProgressListener.NONE);
            INDArray expected = example(tokens, i).dup('c')) {
          // then
          Golden.assertClose("condition " + i, alone, expected, 1e-6);
        }
      }
    }
  }

  @Test
  @DisplayName("takes conditions in any memory layout, and leaves them as they are")
  void layouts() {
    // given
    try (HyperConvDecoder decoder = HyperConvDecoder.fresh(CONFIG, 1);
        INDArray conditions = Tensors.gaussian(3, 2, 3, 12, 10);
        INDArray before = conditions.dup('c');
        INDArray expected = decoder.decode(conditions, ProgressListener.NONE);
        INDArray transposed = conditions.permute(3, 2, 1, 0).dup('c');
        INDArray doubles = conditions.castTo(DataType.DOUBLE);
        // when
        INDArray ofView = decoder.decode(transposed.permute(3, 2, 1, 0), ProgressListener.NONE);
        INDArray ofDoubles = decoder.decode(doubles, ProgressListener.NONE)) {
      // then
      assertThat(Tensors.values(ofView)).isEqualTo(Tensors.values(expected));
      assertThat(Tensors.values(ofDoubles)).isEqualTo(Tensors.values(expected));
      assertThat(Tensors.values(conditions)).isEqualTo(Tensors.values(before));
      assertThat(doubles.wasClosed()).isFalse();
    }
  }

  @Test
  @DisplayName("works inside a workspace, and gives a result that outlives it")
  void workspace() {
    // given
    try (HyperConvDecoder decoder = HyperConvDecoder.fresh(CONFIG, 1);
        INDArray conditions = Tensors.gaussian(3, 1, 3, 12, 10);
        INDArray expected = decoder.decode(conditions, ProgressListener.NONE)) {
      INDArray tokens;
      // when
      try (MemoryWorkspace workspace =
          Nd4j.getWorkspaceManager().getAndActivateWorkspace("the caller's")) {
        INDArray attached = conditions.dup('c');
        assertThat(attached.isAttached()).isTrue();
        tokens = decoder.decode(attached, ProgressListener.NONE);
      }
      // then
      try (tokens) {
        assertThat(tokens.isAttached()).isFalse();
        assertThat(tokens.closeable()).isTrue();
        assertThat(Tensors.values(tokens)).isEqualTo(Tensors.values(expected));
      }
    }
  }

  @Test
  @DisplayName("serves several threads at once")
  void threads() throws Exception {
    // given
    try (HyperConvDecoder decoder = HyperConvDecoder.fresh(CONFIG, 1)) {
      ExecutorService pool = Executors.newFixedThreadPool(2);
      try {
        // when
        List<Future<float[]>> results = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
          int seed = i;
          results.add(pool.submit(() -> decoded(decoder, seed)));
        }
        // then
        for (int i = 0; i < results.size(); i++) {
          assertThat(results.get(i).get()).isEqualTo(decoded(decoder, i));
        }
      } finally {
        pool.shutdown();
      }
    }
  }

  private static float[] decoded(HyperConvDecoder decoder, long seed) {
    try (INDArray conditions = Tensors.gaussian(seed, 1, 3, 12, 10);
        INDArray tokens = decoder.decode(conditions, ProgressListener.NONE)) {
      return Tensors.values(tokens);
    }
  }

  @Test
  @DisplayName("names the shape it needs and the one it got")
  void wrongShape() {
    // given
    try (HyperConvDecoder decoder = HyperConvDecoder.fresh(CONFIG, 1)) {
      for (long[] wrong : new long[][] {{1, 3, 8, 10}, {3, 12, 10}, {1, 4, 12, 10}}) {
        try (INDArray conditions = Tensors.gaussian(1, wrong)) {
          // then
          assertThatThrownBy(() -> decoder.decode(conditions, ProgressListener.NONE))
              .isInstanceOf(ShapeMismatchException.class)
              .hasMessageContaining("[any, 3, 12, 10]")
              .hasMessageContaining(Arrays.toString(wrong));
        }
      }
      assertThatThrownBy(() -> decoder.decode(null, ProgressListener.NONE))
          .isInstanceOf(InvalidInputException.class)
          .hasMessage("conditions must not be null");
      assertThatThrownBy(
              () ->
                  decoder.decode(Nd4j.create(DataType.FLOAT, 0, 3, 12, 10), ProgressListener.NONE))
          .isInstanceOf(InvalidInputException.class)
          .hasMessageContaining("the batch is empty");
      try (INDArray conditions = Tensors.gaussian(1, 1, 3, 12, 10)) {
        assertThatThrownBy(() -> decoder.decode(conditions, null))
            .isInstanceOf(InvalidInputException.class)
            .hasMessage("progress must not be null");
      }
    }
  }

  @Test
  @DisplayName("stops between stages when its thread is interrupted, and frees what it had")
  void interrupted() {
    // given
    RecordingConvolution engine = new RecordingConvolution();
    try (HyperConvDecoder decoder = HyperConvDecoder.fresh(CONFIG, 1, engine);
        INDArray conditions = Tensors.gaussian(1, 1, 3, 12, 10)) {
      ProgressListener interrupter =
          (done, total) -> {
            if (done == 2) {
              Thread.currentThread().interrupt();
            }
          };
      // then
      assertThatThrownBy(() -> decoder.decode(conditions, interrupter))
          .isInstanceOf(DragAndDropException.class)
          .hasMessage("interrupted after 2 of 5 decoder layers");
      assertThat(Thread.interrupted()).as("the interruption is still visible").isTrue();
      assertThat(engine.calls()).isPositive();
      assertThat(engine.open()).isZero();
      assertThat(conditions.wasClosed()).isFalse();
      // and when it is asked again
      try (INDArray tokens = decoder.decode(conditions, ProgressListener.NONE)) {
        // then
        assertThat(tokens.size(1)).isEqualTo(5);
      }
    }
  }

  @Test
  @DisplayName("frees what it had when a listener fails")
  void failingListener() {
    // given
    RecordingConvolution engine = new RecordingConvolution();
    try (HyperConvDecoder decoder = HyperConvDecoder.fresh(CONFIG, 1, engine);
        INDArray conditions = Tensors.gaussian(1, 1, 3, 12, 10)) {
      ProgressListener failing =
          (done, total) -> {
            if (done == total) {
              throw new IllegalStateException("the listener's own");
            }
          };
      // then
      assertThatThrownBy(() -> decoder.decode(conditions, failing))
          .isInstanceOf(IllegalStateException.class)
          .hasMessage("the listener's own");
      assertThat(engine.calls()).isPositive();
      assertThat(engine.open()).isZero();
    }
  }

  @Test
  @DisplayName("is of no use once it is closed, and may be closed twice")
  void closed(@TempDir Path folder) {
    // given
    HyperConvDecoder decoder = HyperConvDecoder.fresh(CONFIG, 1);
    INDArray weights = decoder.graph().params();
    // when
    decoder.close();
    decoder.close();
    // then
    assertThat(weights.data().wasClosed()).isTrue();
    try (INDArray conditions = Tensors.gaussian(1, 1, 3, 12, 10)) {
      assertClosed(() -> decoder.decode(conditions, ProgressListener.NONE));
    }
    assertClosed(decoder::fingerprint);
    assertClosed(decoder::graph);
    assertClosed(() -> decoder.save(folder.resolve("decoder.safetensors")));
    assertThat(folder).isEmptyDirectory();
    assertThat(decoder.config()).isEqualTo(CONFIG);
  }

  @Test
  @DisplayName("frees gradients and the updater's state when it was trained")
  void closedAfterTraining() {
    // given
    HyperConvDecoder decoder = HyperConvDecoder.fresh(CONFIG, 1);
    ComputationGraph graph = decoder.graph();
    try (INDArray conditions = Tensors.gaussian(1, 1, 3, 12, 10);
        INDArray gradient = Tensors.gaussian(1, 1, 5, 4, 6)) {
      graph.feedForward(new INDArray[] {conditions}, true, false);
      graph.backpropGradient(gradient);
    }
    INDArray gradients = graph.getFlattenedGradients();
    // when
    decoder.close();
    // then
    assertThat(gradients.wasClosed()).isTrue();
  }

  private static void assertClosed(ThrowingCallable use) {
    assertThatThrownBy(use)
        .isInstanceOf(DragAndDropException.class)
        .hasMessage("this decoder is closed: open it again");
  }

  @Test
  @DisplayName("asks for memory before it takes any, and names the option that grants more")
  void absurdSize() {
    // given more than 10^12 parameters
    HyperConvConfig absurd = HyperConvConfig.of("(1,10000,10000) (1,10000,10000)", 51);
    assertThat(absurd.parameterCount()).isGreaterThan(1_000_000_000_000L);
    // then
    assertThatThrownBy(() -> HyperConvDecoder.fresh(absurd, 1))
        .isInstanceOf(NativeMemoryException.class)
        .hasMessageContaining("a decoder of " + absurd.parameterCount() + " parameters")
        .hasMessageContaining("-Dorg.bytedeco.javacpp.maxphysicalbytes=");
  }

  @Test
  @DisplayName("needs a structure and an engine")
  void nulls() {
    assertThatThrownBy(() -> HyperConvDecoder.fresh(null, 1))
        .isInstanceOf(InvalidInputException.class)
        .hasMessage("config must not be null");
    assertThatThrownBy(() -> HyperConvDecoder.fresh(CONFIG, 1, null))
        .isInstanceOf(InvalidInputException.class)
        .hasMessage("convolution must not be null");
    assertThatThrownBy(() -> HyperConvDecoder.load(null, CONFIG))
        .isInstanceOf(InvalidInputException.class)
        .hasMessage("file must not be null");
    assertThatThrownBy(() -> HyperConvDecoder.load(Path.of("x"), (HyperConvPreset) null))
        .isInstanceOf(InvalidInputException.class)
        .hasMessage("preset must not be null");
  }

  /** The parameters that start out random, by name. */
  private static Map<String, float[]> random(HyperConvDecoder decoder) {
    Map<String, float[]> values = new LinkedHashMap<>();
    DecoderGraph.parametersByFileName(decoder.graph())
        .forEach(
            (name, array) -> {
              if (!name.contains("norm.")) {
                values.put(name, Tensors.values(array));
              }
            });
    return values;
  }

  /** Within the bound and filling it; mean and deviation as far off as chance allows. */
  private static void assertUniform(INDArray parameter, double bound) {
    float[] values = Tensors.values(parameter);
    double sum = 0;
    double squares = 0;
    double largest = 0;
    for (float value : values) {
      sum += value;
      squares += (double) value * value;
      largest = Math.max(largest, Math.abs(value));
    }
    int n = values.length;
    double deviation = bound / Math.sqrt(3);
    assertThat(largest).isBetween(bound * (1 - 10.0 / n), bound * (1 + 1e-6));
    assertThat(sum / n).isBetween(-5 * deviation / Math.sqrt(n), 5 * deviation / Math.sqrt(n));
    assertThat(Math.sqrt(squares / n) / deviation)
        .isBetween(1 - 3 / Math.sqrt(n), 1 + 3 / Math.sqrt(n));
  }

  /** A view of one example of a batch. */
  private static INDArray example(INDArray batch, int index) {
    return batch.get(
        NDArrayIndex.interval(index, index + 1),
        NDArrayIndex.all(),
        NDArrayIndex.all(),
        NDArrayIndex.all());
  }
}
