package io.github.dnd4j.decoder;

import io.github.dnd4j.DragAndDropException;
import io.github.dnd4j.internal.Checks;
import io.github.dnd4j.internal.NativeMemory;
import io.github.dnd4j.io.TensorFile;
import io.github.dnd4j.lora.WeightPrecision;
import io.github.dnd4j.spi.ComponentSpec;
import io.github.dnd4j.spi.ConditionShape;
import io.github.dnd4j.spi.ProgressListener;
import io.github.dnd4j.spi.TokenShape;
import io.github.dnd4j.spi.WeightDecoder;
import java.nio.file.Path;
import java.util.function.Consumer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The hyper-convolutional decoder of Drag-and-Drop LLMs (arXiv 2506.16406): turns conditions {@code
 * [B, N, L, C]} into weight tokens {@code [B, T, h, w]}. See {@link HyperConvLayer} for its
 * formulas.
 *
 * <pre>{@code
 * try (HyperConvDecoder decoder =
 *         HyperConvDecoder.load(Path.of("decoder.pth"), HyperConvPreset.QWEN25_0_5B);
 *     INDArray tokens = decoder.decode(conditions, ProgressListener.NONE)) { // [B, 4296, 10, 130]
 *   decoder.save(Path.of("decoder.safetensors"));
 * }
 * }</pre>
 *
 * <p>The decoder owns its weights, float32 in native memory. It may be called by several threads:
 * one decodes, the others wait.
 *
 * @see Frozen16BitDecoder
 */
public final class HyperConvDecoder implements WeightDecoder {

  private final HyperConvConfig config;
  private final INDArray flatParameters;
  private final ComputationGraph graph;
  private final Convolution owned;
  private String fingerprint;
  private boolean closed;

  /**
   * Builds a decoder and has its weights filled; frees them if that fails.
   *
   * @param convolution of the caller's; null for one that the decoder makes and closes
   */
  private HyperConvDecoder(
      HyperConvConfig config, Convolution convolution, Consumer<ComputationGraph> fill) {
    this.config = config;
    this.owned = convolution == null ? ConvolutionEngine.preferred().create() : null;
    this.flatParameters = DecoderGraph.flatParameters(config);
    try {
      this.graph =
          DecoderGraph.on(flatParameters, config, convolution == null ? owned : convolution);
      fill.accept(graph);
    } catch (RuntimeException e) {
      flatParameters.close();
      throw e;
    }
  }

  /**
   * A decoder with fresh weights, as PyTorch would initialise them. What it generates is no use
   * until it is trained.
   *
   * @param config its structure
   * @param seed decides the weights: the same seed gives the same on every machine
   * @return the decoder; the caller closes it
   * @throws io.github.dnd4j.NativeMemoryException if its weights do not fit into memory
   */
  public static HyperConvDecoder fresh(HyperConvConfig config, long seed) {
    return initialised(Checks.notNull(config, "config"), seed, null);
  }

  /**
   * A decoder with fresh weights on a convolution engine of the caller's.
   *
   * @param config its structure
   * @param seed decides the weights
   * @param convolution computes its convolutions, such as {@link ConvolutionEngine#create}; the
   *     caller closes it after the decoder
   * @return the decoder; the caller closes it
   * @throws io.github.dnd4j.NativeMemoryException if its weights do not fit into memory
   */
  public static HyperConvDecoder fresh(HyperConvConfig config, long seed, Convolution convolution) {
    Checks.notNull(config, "config");
    return initialised(config, seed, Checks.notNull(convolution, "convolution"));
  }

  private static HyperConvDecoder initialised(
      HyperConvConfig config, long seed, Convolution convolution) {
    return NativeMemory.guard(
        "initialising a decoder",
        () ->
            new HyperConvDecoder(
                config, convolution, graph -> DecoderGraph.initialise(graph, seed)));
  }

  /**
   * Reads a decoder of a preset.
   *
   * @param file a PyTorch checkpoint of the reference implementation, or a safetensors file
   * @param preset its structure
   * @return the decoder; the caller closes it
   */
  public static HyperConvDecoder load(Path file, HyperConvPreset preset) {
    return load(file, Checks.notNull(preset, "preset").config());
  }

  /**
   * Reads a decoder.
   *
   * @param file a PyTorch checkpoint of the reference implementation, or a safetensors file
   * @param config its structure
   * @return the decoder; the caller closes it
   * @throws io.github.dnd4j.FileAccessException if the file is missing or unreadable
   * @throws io.github.dnd4j.FileFormatException if the file is broken, or lacks a tensor, or has
   *     another shape or more tensors than the structure asks for
   * @throws io.github.dnd4j.NativeMemoryException if its weights do not fit into memory
   */
  public static HyperConvDecoder load(Path file, HyperConvConfig config) {
    return read(Checks.notNull(file, "file"), Checks.notNull(config, "config"), null);
  }

  /**
   * Reads a decoder that is to run on a convolution engine of the caller's.
   *
   * @param file a PyTorch checkpoint of the reference implementation, or a safetensors file
   * @param config its structure
   * @param convolution computes its convolutions, such as {@link ConvolutionEngine#create}; the
   *     caller closes it after the decoder
   * @return the decoder; the caller closes it
   * @throws io.github.dnd4j.FileAccessException if the file is missing or unreadable
   * @throws io.github.dnd4j.FileFormatException if the file is broken or does not fit the structure
   * @throws io.github.dnd4j.NativeMemoryException if its weights do not fit into memory
   */
  public static HyperConvDecoder load(Path file, HyperConvConfig config, Convolution convolution) {
    Checks.notNull(file, "file");
    Checks.notNull(config, "config");
    return read(file, config, Checks.notNull(convolution, "convolution"));
  }

  private static HyperConvDecoder read(Path file, HyperConvConfig config, Convolution convolution) {
    return NativeMemory.guard(
        "loading " + file,
        () -> {
          try (TensorFile tensors = TensorFile.open(file)) {
            DecoderFile.check(tensors, config);
            return new HyperConvDecoder(
                config,
                convolution,
                graph -> DecoderGraph.parametersByFileName(graph).forEach(tensors::readInto));
          }
        });
  }

  /**
   * The decoder's structure.
   *
   * @return the structure
   */
  public HyperConvConfig config() {
    return config;
  }

  /**
   * The DL4J graph that the decoder is: its input is {@code condition}, its layers are {@code
   * squeeze} (if any) and {@code stage0}, {@code stage1} and so on. It shares the decoder's
   * weights, and is not safe for use by several threads. Whoever changes them calls {@link
   * #weightsChanged()} afterwards.
   *
   * @return the graph, owned by this decoder
   */
  public synchronized ComputationGraph graph() {
    checkOpen();
    return graph;
  }

  /**
   * Says that the weights were changed through {@link #graph()}, so that this is another decoder
   * now, with another {@link #fingerprint()}.
   */
  public synchronized void weightsChanged() {
    fingerprint = null;
  }

  /**
   * Replaces the weights by those of a file.
   *
   * @param file a PyTorch checkpoint of the reference implementation, or a safetensors file
   * @throws io.github.dnd4j.FileAccessException if the file is missing or unreadable
   * @throws io.github.dnd4j.FileFormatException if the file is broken or does not fit the structure
   */
  public synchronized void replaceWeights(Path file) {
    checkOpen();
    try (TensorFile tensors = TensorFile.open(Checks.notNull(file, "file"))) {
      DecoderFile.check(tensors, config);
      weightsChanged();
      DecoderGraph.parametersByFileName(graph).forEach(tensors::readInto);
    }
  }

  @Override
  public ConditionShape conditionShape() {
    return config.conditionShape();
  }

  @Override
  public TokenShape tokenShape() {
    return config.tokenShape();
  }

  /** {@inheritDoc} Progress is in stages, the squeeze included. */
  @Override
  public synchronized INDArray decode(INDArray conditions, ProgressListener progress) {
    checkOpen();
    return new LayerChain(graph.getLayers()).decode(conditions, conditionShape(), progress);
  }

  /** {@inheritDoc} Computed once, in a few seconds for the largest decoders. */
  @Override
  public synchronized String fingerprint() {
    checkOpen();
    if (fingerprint == null) {
      fingerprint = ParameterFingerprint.of(DecoderGraph.parametersByFileName(graph));
    }
    return fingerprint;
  }

  @Override
  public ComponentSpec spec() {
    return config.toSpec();
  }

  /** {@inheritDoc} Tensors have the names of the reference implementation. */
  @Override
  public synchronized void save(Path file, WeightPrecision precision) {
    checkOpen();
    DecoderFile.write(
        file,
        DecoderGraph.parametersByFileName(graph),
        Checks.notNull(precision, "precision"),
        config);
  }

  private void checkOpen() {
    if (closed) {
      throw new DragAndDropException("this decoder is closed: open it again");
    }
  }

  @Override
  public synchronized void close() {
    if (!closed) {
      closed = true;
      DecoderGraph.close(graph);
      flatParameters.close();
      if (owned != null) {
        owned.close();
      }
    }
  }
}
