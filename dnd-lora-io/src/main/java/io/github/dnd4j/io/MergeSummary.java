package io.github.dnd4j.io;

import io.github.dnd4j.internal.Checks;
import java.nio.file.Path;
import java.util.List;

/**
 * What merging an adapter came to.
 *
 * @param mergedTensors how many tensors of the base were changed
 * @param copiedTensors how many were copied as they are
 * @param bytes the size of the result's safetensors files
 * @param leftOut files of the base's directory, relative to it, that hold weights into which
 *     nothing was merged and which are therefore not in the result
 */
public record MergeSummary(int mergedTensors, int copiedTensors, long bytes, List<Path> leftOut) {

  /**
   * Copies the values.
   *
   * @param mergedTensors how many tensors were changed
   * @param copiedTensors how many were copied
   * @param bytes the size of the result
   * @param leftOut files that are not in the result
   */
  public MergeSummary {
    leftOut = List.copyOf(Checks.notNull(leftOut, "leftOut"));
  }
}
