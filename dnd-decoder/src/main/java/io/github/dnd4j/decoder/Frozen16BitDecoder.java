package io.github.dnd4j.decoder;

import io.github.dnd4j.DragAndDropException;
import io.github.dnd4j.InvalidInputException;
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
import java.util.List;
import java.util.Optional;
import org.deeplearning4j.nn.api.Layer;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A hyper-convolutional decoder for generating only, which cannot be trained, with 16 bits of each
 * weight in memory: half as much as a {@link HyperConvDecoder} takes.
 *
 * <pre>{@code
 * try (Frozen16BitDecoder decoder =
 *         Frozen16BitDecoder.load(
 *             Path.of("decoder-bf16.safetensors"), HyperConvPreset.QWEN25_0_5B);
 *     INDArray tokens = decoder.decode(conditions, ProgressListener.NONE)) { // [B, 4296, 10, 130]
 *   ...
 * }
 * }</pre>
 *
 * <p>The weights of convolutions, nearly all of a decoder's numbers, stay bfloat16 or IEEE half
 * precision as they are in the file; norms, biases and the maps of a length squeeze are float32.
 * The arithmetic is float32, of weights that are converted block by block when a convolution needs
 * them: the result is bit by bit that of a {@link HyperConvDecoder} with the same weights. {@link
 * ConvolutionEngine#DIRECT} converts 256 MiB of weights at a time, the other engines some
 * kilobytes.
 *
 * <p>The decoder owns its weights, in native memory. It may be called by several threads: one
 * decodes, the others wait.
 */
public final class Frozen16BitDecoder implements WeightDecoder {

  private final HyperConvConfig config;
  private final FrozenParameters parameters;
  private final LayerChain layers;
  private final Convolution owned;
  private String fingerprint;
  private boolean closed;

  /**
   * On parameters that it takes over.
   *
   * @param owned the engine that it closes, or null
   */
  private Frozen16BitDecoder(
      HyperConvConfig config,
      FrozenParameters parameters,
      List<DecoderLayer> layers,
      Convolution owned) {
    this.config = config;
    this.parameters = parameters;
    this.owned = owned;
    this.layers =
        new LayerChain(
            layers.stream()
                .map(layer -> layer.forInference(parameters.of(layer)))
                .toArray(Layer[]::new));
  }

  /**
   * Reads a decoder of a preset from a file of 16-bit weights.
   *
   * @param file a safetensors file, or a PyTorch checkpoint of the reference implementation
   * @param preset its structure
   * @return the decoder; the caller closes it
   * @throws InvalidInputException if weights of convolutions in the file have more than 16 bits
   */
  public static Frozen16BitDecoder load(Path file, HyperConvPreset preset) {
    return load(file, Checks.notNull(preset, "preset").config());
  }

  /**
   * Reads a decoder from a file of 16-bit weights.
   *
   * @param file a safetensors file, or a PyTorch checkpoint of the reference implementation
   * @param config its structure
   * @return the decoder; the caller closes it
   * @throws InvalidInputException if weights of convolutions in the file have more than 16 bits
   * @throws io.github.dnd4j.FileAccessException if the file is missing or unreadable
   * @throws io.github.dnd4j.FileFormatException if the file is broken, or lacks a tensor, or has
   *     another shape or more tensors than the structure asks for
   * @throws io.github.dnd4j.NativeMemoryException if its weights do not fit into memory
   */
  public static Frozen16BitDecoder load(Path file, HyperConvConfig config) {
    return read(file, config, Optional.empty(), null);
  }

  /**
   * Reads a decoder from a file of any weights. Those that have more than 16 bits are rounded to
   * the nearest, so that this is another decoder than the file's, with another fingerprint.
   *
   * @param file a safetensors file, or a PyTorch checkpoint of the reference implementation
   * @param config its structure
   * @param rounding what such weights become: BF16, or F16 for more digits but no numbers beyond
   *     65,504, which would become infinite. Weights of 16 bits stay as they are
   * @return the decoder; the caller closes it
   * @throws InvalidInputException if rounding is F32
   * @throws io.github.dnd4j.FileAccessException if the file is missing or unreadable
   * @throws io.github.dnd4j.FileFormatException if the file is broken or does not fit the structure
   * @throws io.github.dnd4j.NativeMemoryException if its weights do not fit into memory
   */
  public static Frozen16BitDecoder load(
      Path file, HyperConvConfig config, WeightPrecision rounding) {
    if (Checks.notNull(rounding, "rounding") == WeightPrecision.F32) {
      throw new InvalidInputException(
          "a decoder of 16-bit weights cannot keep F32: say BF16 or F16, or use a"
              + " HyperConvDecoder");
    }
    return read(file, config, Optional.of(rounding), null);
  }

  /**
   * Reads a decoder from a file of 16-bit weights that is to run on a convolution engine of the
   * caller's.
   *
   * @param file a safetensors file, or a PyTorch checkpoint of the reference implementation
   * @param config its structure
   * @param convolution computes its convolutions, such as {@link ConvolutionEngine#create}; the
   *     caller closes it after the decoder
   * @return the decoder; the caller closes it
   * @throws InvalidInputException if weights of convolutions in the file have more than 16 bits
   * @throws io.github.dnd4j.FileAccessException if the file is missing or unreadable
   * @throws io.github.dnd4j.FileFormatException if the file is broken or does not fit the structure
   * @throws io.github.dnd4j.NativeMemoryException if its weights do not fit into memory
   */
  public static Frozen16BitDecoder load(
      Path file, HyperConvConfig config, Convolution convolution) {
    return read(file, config, Optional.empty(), Checks.notNull(convolution, "convolution"));
  }

  private static Frozen16BitDecoder read(
      Path file,
      HyperConvConfig config,
      Optional<WeightPrecision> rounding,
      Convolution convolution) {
    Checks.notNull(file, "file");
    Checks.notNull(config, "config");
    Convolution owned = convolution == null ? ConvolutionEngine.preferred().create() : null;
    List<DecoderLayer> layers =
        DecoderGraph.layersOf(config, convolution == null ? owned : convolution);
    return NativeMemory.guard(
        "loading " + file,
        () -> {
          try (TensorFile tensors = TensorFile.open(file)) {
            DecoderFile.check(tensors, config);
            FrozenParameters parameters = FrozenParameters.read(tensors, layers, rounding);
            return on(parameters, config, layers, owned);
          }
        });
  }

  private static Frozen16BitDecoder on(
      FrozenParameters parameters,
      HyperConvConfig config,
      List<DecoderLayer> layers,
      Convolution owned) {
    try {
      return new Frozen16BitDecoder(config, parameters, layers, owned);
    } catch (RuntimeException e) {
      parameters.close();
      throw e;
    }
  }

  /**
   * The decoder's structure.
   *
   * @return the structure
   */
  public HyperConvConfig config() {
    return config;
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
    return layers.decode(conditions, conditionShape(), progress);
  }

  /**
   * {@inheritDoc} It is that of a {@link HyperConvDecoder} with the same weights. Computed once, in
   * a few seconds for the largest decoders.
   */
  @Override
  public synchronized String fingerprint() {
    checkOpen();
    if (fingerprint == null) {
      fingerprint = ParameterFingerprint.of(parameters.byFileName());
    }
    return fingerprint;
  }

  @Override
  public ComponentSpec spec() {
    return config.toSpec();
  }

  /**
   * Writes the weights as a safetensors file, as they are in memory: the file is half as large as
   * one in float32, and of this very decoder.
   *
   * @param file where to; it appears whole or not at all
   */
  @Override
  public synchronized void save(Path file) {
    checkOpen();
    DecoderFile.write(Checks.notNull(file, "file"), parameters.byFileName(), config);
  }

  /** {@inheritDoc} Tensors have the names of the reference implementation. */
  @Override
  public synchronized void save(Path file, WeightPrecision precision) {
    checkOpen();
    DecoderFile.write(
        file, parameters.byFileName(), Checks.notNull(precision, "precision"), config);
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
      parameters.close();
      if (owned != null) {
        owned.close();
      }
    }
  }
}
