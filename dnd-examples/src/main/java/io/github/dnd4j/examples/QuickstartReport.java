package io.github.dnd4j.examples;

import io.github.dnd4j.examples.experiment.Estimate;
import io.github.dnd4j.examples.experiment.RetrievalScore;
import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/** Says in tables and in words what the quickstart measured. */
final class QuickstartReport {

  private QuickstartReport() {}

  /**
   * Prints the main figures, those on all questions, and what they mean.
   *
   * @param out where to
   * @param task the task
   * @param all the scores on all of its questions
   * @param draws how many draws of prompts they have
   */
  static void print(PrintWriter out, QuickstartTask task, QuickstartScores all, int draws) {
    QuickstartScores asked = all.of(task.asked());
    out.println();
    out.printf(
        "On the %d questions that the generator did not see (in brackets: 95 %% intervals):%n",
        task.asked().size());
    ScoreTable.print(out, rows(asked, draws));
    out.println();
    out.printf(
        "On all %d questions, those that prompts were drawn from among them:%n", task.size());
    ScoreTable.print(out, rows(all, draws));
    out.println();
    out.println(ofAdapter(asked));
    out.println(ofPrompts(asked));
  }

  private static Map<String, RetrievalScore> rows(QuickstartScores scores, int draws) {
    Map<String, RetrievalScore> rows = new LinkedHashMap<>();
    rows.put("before: bare encoder", scores.bare());
    rows.put("after: generated adapter", scores.adapter());
    rows.put(
        draws == 1 ? "the one draw of prompts" : "mean of " + draws + " draws of prompts",
        scores.draws());
    rows.put("control: unrelated prompts", scores.control());
    return rows;
  }

  /** Whether the adapter helps: only if the interval of the change leaves no other reading. */
  static String ofAdapter(QuickstartScores scores) {
    Estimate change = scores.adapter().gainOver(scores.bare());
    String course =
        String.format(
            Locale.ROOT,
            "accuracy@1 goes from %.3f to %.3f",
            scores.bare().accuracy().value(),
            scores.adapter().accuracy().value());
    if (change.low() > 0) {
      return "The adapter helps: " + course + ", and the interval of the change is above 0.";
    }
    if (change.high() < 0) {
      return "The adapter does not help, it harms: "
          + course
          + ", and the interval of the change is below 0.";
    }
    return "The adapter makes no clear difference: "
        + course
        + ", and the interval of the change includes 0.";
  }

  /** Whether the prompts make the difference: the draws' mean against the control's. */
  static String ofPrompts(QuickstartScores scores) {
    Estimate above = scores.draws().gainOver(scores.control());
    String difference = "accuracy@1 above the control's is " + above.formatSigned() + ".";
    if (above.low() > 0) {
      return "The prompts matter: " + difference;
    }
    if (above.high() < 0) {
      return "The prompts do not help, unrelated ones do better: " + difference;
    }
    return "Whether the prompts matter is not clear: " + difference;
  }
}
