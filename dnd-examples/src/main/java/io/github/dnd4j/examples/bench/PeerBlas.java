package io.github.dnd4j.examples.bench;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Locale;

/**
 * What multiplies matrices in PyTorch, and how fast: distributions' packages use whatever BLAS is
 * installed, and with the reference BLAS they are many times slower than PyTorch's own builds.
 *
 * @param version PyTorch's version
 * @param library the BLAS libraries that it has loaded
 * @param configuration what it says of BLAS itself
 * @param operationsPerSecond of a product of 512 x 512 matrices, at best
 */
record PeerBlas(String version, String library, String configuration, double operationsPerSecond) {

  /** With less than this part of what DnD4J's BLAS does, it is no fair peer. */
  private static final double SLOW = 0.25;

  static PeerBlas of(JsonNode json) {
    return new PeerBlas(
        json.path("version").asText(),
        json.path("libraries").asText(),
        json.path("configuration").asText(),
        json.path("operationsPerSecond").asDouble());
  }

  boolean isSlowBeside(MachinePeak peak) {
    return operationsPerSecond < SLOW * peak.operationsPerSecond();
  }

  @Override
  public String toString() {
    return String.format(
        Locale.ROOT,
        "PyTorch %s multiplies matrices by %s%s: %.1f GFLOP/s",
        version,
        library.isEmpty() ? "a BLAS of its own" : library,
        configuration.isEmpty() ? "" : " (" + configuration + ")",
        operationsPerSecond / 1e9);
  }
}
