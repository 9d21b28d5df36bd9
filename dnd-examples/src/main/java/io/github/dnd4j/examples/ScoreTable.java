package io.github.dnd4j.examples;

import io.github.dnd4j.examples.experiment.RetrievalScore;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Scores as a table for people: one row each, and by how much it is above the first. */
final class ScoreTable {

  private ScoreTable() {}

  /** Prints scores on the same questions by their names, the one to compare with first. */
  static void print(PrintWriter out, Map<String, RetrievalScore> scores) {
    String first = scores.keySet().iterator().next();
    List<String[]> rows = new ArrayList<>();
    rows.add(new String[] {"", "accuracy@1", "reciprocal rank", "change of accuracy@1"});
    scores.forEach(
        (name, score) ->
            rows.add(
                new String[] {
                  name,
                  score.accuracy().format(),
                  score.meanReciprocalRank().format(),
                  name.equals(first) ? "" : score.gainOver(scores.get(first)).formatSigned()
                }));
    int width = rows.stream().mapToInt(row -> row[0].length()).max().orElseThrow();
    for (String[] row : rows) {
      String line = String.format("%-" + width + "s  %-20s  %-20s  %s", (Object[]) row);
      out.println(line.stripTrailing());
    }
  }
}
