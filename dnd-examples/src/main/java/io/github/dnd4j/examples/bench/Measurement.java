package io.github.dnd4j.examples.bench;

import io.github.dnd4j.examples.diagnosis.TextTable;
import java.util.List;
import java.util.OptionalLong;
import java.util.stream.IntStream;
import org.apache.commons.math3.stat.descriptive.rank.Median;

/**
 * How long a part took, or why that was not measured.
 *
 * @param part what was done
 * @param by who did it, for example "DnD4J direct"
 * @param size how many prompts, conditions or items at once
 * @param runs the first one, which is cold, and those after it; empty if it was not measured
 * @param peakBytes the most memory that was resident meanwhile; empty if nobody tells
 * @param note what else there is to say; may be empty
 */
record Measurement(
    Part part, String by, int size, List<Run> runs, OptionalLong peakBytes, String note) {

  Measurement {
    runs = List.copyOf(runs);
  }

  /** What could not be measured. */
  static Measurement none(Part part, String by, int size, String why) {
    return new Measurement(part, by, size, List.of(), OptionalLong.empty(), why);
  }

  /** For those who watch: what, by whom, and the seconds. */
  String line() {
    String what = part.title(size) + ", " + by + ": ";
    if (!measured()) {
      return what + "not measured: " + note;
    }
    String first =
        warm().isEmpty() ? "" : " (the first time " + TextTable.number(cold().seconds()) + " s)";
    return what + TextTable.number(seconds()) + " s" + first;
  }

  boolean measured() {
    return !runs.isEmpty();
  }

  /** The first run. */
  Run cold() {
    return runs.get(0);
  }

  /** All runs but the first; none if there was only one. */
  List<Run> warm() {
    return runs.subList(1, runs.size());
  }

  /** The median of the warm runs, or the cold one if it is the only one. */
  double seconds() {
    return median(counted().stream().mapToDouble(Run::seconds).toArray());
  }

  /** The same for each stage; empty if there are none. */
  List<Double> stageSeconds() {
    List<Run> counted = counted();
    return IntStream.range(0, counted.get(0).stageSeconds().size())
        .mapToObj(
            stage ->
                median(counted.stream().mapToDouble(r -> r.stageSeconds().get(stage)).toArray()))
        .toList();
  }

  private List<Run> counted() {
    return runs.size() > 1 ? warm() : runs;
  }

  private static double median(double[] values) {
    return new Median().evaluate(values);
  }
}
