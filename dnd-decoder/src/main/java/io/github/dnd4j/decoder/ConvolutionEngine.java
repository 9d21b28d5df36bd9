package io.github.dnd4j.decoder;

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
 * <p>What a decoder of large kernels costs is nearly all in convolutions. {@link #AUTO} is what
 * decoders take unless they are told otherwise.
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

  /**
   * Makes an engine.
   *
   * @return the engine. It takes working memory when it is used, up to a gigabyte for the largest
   *     decoders, and keeps it until it is closed
   */
  public Convolution create() {
    return this == DIRECT ? new DirectConvolution() : new SelectedConvolution(this == FAST);
  }
}
