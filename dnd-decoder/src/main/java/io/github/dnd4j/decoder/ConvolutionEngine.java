package io.github.dnd4j.decoder;

import io.github.dnd4j.InvalidInputException;
import java.util.Arrays;

/**
 * How a decoder's convolutions are computed.
 *
 * <pre>{@code
 * try (Convolution convolution = ConvolutionEngine.FAST.create();
 *     HyperConvDecoder decoder = HyperConvDecoder.load(file, config, convolution)) {
 *   ...
 * }
 * }</pre>
 *
 * <p>Decoders that are given no convolution take the {@link #preferred} one.
 */
public enum ConvolutionEngine {

  /** By Fourier transforms where a count of the multiplications says that they pay. */
  AUTO,

  /** By ND4J's own operation, always. */
  DIRECT,

  /**
   * By Fourier transforms wherever they can be used: on the CPU, with the BLAS that ND4J brings.
   * Elsewhere, and for planes whose transforms would not fit into the working memory, directly.
   */
  FAST;

  /** The system property that says which engine decoders take: {@code auto} if it is not set. */
  public static final String PROPERTY = "dnd4j.convolution";

  /**
   * The engine that {@link #PROPERTY} asks for.
   *
   * @return the engine
   * @throws InvalidInputException if there is no engine of that name
   */
  public static ConvolutionEngine preferred() {
    String name = System.getProperty(PROPERTY, AUTO.name());
    return Arrays.stream(values())
        .filter(engine -> engine.name().equalsIgnoreCase(name))
        .findFirst()
        .orElseThrow(
            () ->
                new InvalidInputException(
                    "-D" + PROPERTY + "=" + name + ": there are auto, direct and fast"));
  }

  /**
   * Makes an engine.
   *
   * @return the engine. It takes working memory when it is used, up to a gigabyte for the largest
   *     decoders, and keeps it until it is closed
   */
  public Convolution create() {
    return this == DIRECT ? new DirectConvolution() : new SelectedConvolution(this);
  }
}
