package io.github.dnd4j.decoder;

import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A two-dimensional convolution with an odd kernel, stride 1 and zero padding that keeps the
 * plane's size: the one operation that nearly all of the decoder's time goes to, behind which
 * faster engines can be put. As everywhere in deep learning it is a cross-correlation: the kernel
 * is not mirrored.
 *
 * <p>All tensors are FLOAT, but the weights of the forward pass may also be FLOAT16 or BFLOAT16:
 * then the result is bit by bit that of the same numbers in FLOAT, and an engine should convert no
 * more of them at a time than it needs. Weights, biases and their gradients are in 'c' order. Maps,
 * that is x, its gradient and that of the output, have no gaps, but their axes may lie in memory in
 * any order: the decoder hands in permuted views. An engine that needs 'c' order makes a copy by
 * {@code dup('c')}. Results may lie in any order, too; for outputs that of x is best, as it saves
 * the decoder a copy. They lie in no workspace, and the caller closes them. Implementations may be
 * called by several threads; those with working memory let one in at a time. They hold nothing but
 * such memory, which {@link #close} gives back.
 *
 * @see ConvolutionEngine
 */
public interface Convolution extends AutoCloseable {

  /**
   * Convolves.
   *
   * @param x {@code [B, in, H, W]}
   * @param weight {@code [out, in, k, k]}, FLOAT, FLOAT16 or BFLOAT16
   * @param bias {@code [out]}, or null for none
   * @return {@code [B, out, H, W]}
   */
  INDArray forward(INDArray x, INDArray weight, INDArray bias);

  /**
   * The gradients of a convolution.
   *
   * @param x its input, {@code [B, in, H, W]}
   * @param weight its weight, {@code [out, in, k, k]}
   * @param outGradient the gradient of its output, {@code [B, out, H, W]}
   * @param weightGradient is filled with the gradient of the weight, {@code [out, in, k, k]}
   * @param biasGradient is filled with the gradient of the bias, {@code [out]}; null if it has none
   * @return the gradient of the input, {@code [B, in, H, W]}
   */
  INDArray backward(
      INDArray x,
      INDArray weight,
      INDArray outGradient,
      INDArray weightGradient,
      INDArray biasGradient);

  /**
   * Gives working memory back, if there is any. A closed convolution can be used again: it takes
   * new memory.
   */
  @Override
  default void close() {}
}
