package io.github.dnd4j.decoder;

import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The sizes of a convolution.
 *
 * @param batch items
 * @param in channels of the input
 * @param out channels of the output
 * @param height of the planes
 * @param width of the planes
 * @param kernel height and width of the kernel
 */
record ConvolutionShape(int batch, int in, int out, int height, int width, int kernel) {

  /** Of maps {@code [B, in, H, W]} and a weight {@code [out, in, k, k]}. */
  static ConvolutionShape of(INDArray maps, INDArray weight) {
    return new ConvolutionShape(
        (int) maps.size(0),
        (int) weight.size(1),
        (int) weight.size(0),
        (int) maps.size(2),
        (int) maps.size(3),
        (int) weight.size(2));
  }

  /** The convolution that gives the gradient of the input. */
  ConvolutionShape transposed() {
    return new ConvolutionShape(batch, out, in, height, width, kernel);
  }

  /** Multiplications of a direct convolution, those with padding included. */
  double multiplications() {
    return (double) batch * in * out * height * width * kernel * kernel;
  }

  @Override
  public String toString() {
    return batch
        + " x "
        + in
        + " -> "
        + out
        + " channels of "
        + height
        + " x "
        + width
        + ", kernel "
        + kernel;
  }
}
