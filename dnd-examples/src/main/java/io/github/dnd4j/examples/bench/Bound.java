package io.github.dnd4j.examples.bench;

/**
 * A piece of work whose operations are counted: how long it takes at least, and did take.
 *
 * @param work for people, for example "encoding, 128 prompts"
 * @param by who did it
 * @param method how, for example "4 of 5 convolutions by transforms"; may be empty
 * @param operations float32 additions and multiplications
 * @param weightBytes weights, which must be read once at least
 * @param seconds how long it took
 */
record Bound(
    String work, String by, String method, double operations, long weightBytes, double seconds) {

  /** The time at a machine's best: all operations, and then all weights. */
  double boundSeconds(MachinePeak peak) {
    return operations / peak.operationsPerSecond() + weightBytes / peak.bytesPerSecond();
  }

  /** How many times as long it took. */
  double ratio(MachinePeak peak) {
    return seconds / boundSeconds(peak);
  }
}
