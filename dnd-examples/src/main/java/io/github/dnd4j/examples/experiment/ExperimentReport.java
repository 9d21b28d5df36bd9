package io.github.dnd4j.examples.experiment;

import io.github.dnd4j.examples.experiment.Contender.Kind;
import io.github.dnd4j.examples.experiment.ReportRow.Role;
import io.github.dnd4j.internal.AtomicFiles;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** An experiment's report: Markdown for people, CSV for other programs, and a picture. */
final class ExperimentReport {

  private static final String CSV_HEADER =
      "held_out,row,detail,questions,accuracy,accuracy_low,accuracy_high,reciprocal_rank,"
          + "reciprocal_rank_low,reciprocal_rank_high,gain,gain_low,gain_high";

  private ExperimentReport() {}

  /** Writes or replaces the report. */
  static void write(
      ExperimentSettings settings, List<Fold.Outcome> outcomes, Map<String, Double> tuningSeconds) {
    Map<String, List<ReportRow>> rows = new LinkedHashMap<>();
    outcomes.forEach(outcome -> rows.put(outcome.heldOut(), ReportRow.of(outcome)));
    List<String> markdown = new ArrayList<>();
    markdown.add(introduction(settings));
    markdown.addAll(summary(rows));
    for (Fold.Outcome outcome : outcomes) {
      markdown.addAll(
          section(outcome, rows.get(outcome.heldOut()), tuningSeconds.get(outcome.heldOut())));
    }
    writeLines(settings.folder().resolve("report.md"), markdown);
    writeLines(settings.folder().resolve("report.csv"), csv(outcomes, rows));
    ExperimentPlot.write(rows, settings.folder().resolve("report.png"));
  }

  private static String introduction(ExperimentSettings settings) {
    return """
    # Drag-and-drop experiment

    Target: all-MiniLM-L6-v2. Each data set below was held out of a generator's training. Asked were up to
    %d of its questions; the right answer is to be found among those of all of them. Intervals are 95 %%
    bootstrap intervals over the questions (2,000 resamples; paired for changes). They say nothing of other
    seeds, tunings or trainings. Generated adapters: %d draws of prompts each; questions of the
    test were not among them.
    """
        .formatted(settings.questions(), settings.draws());
  }

  private static void writeLines(Path file, List<String> lines) {
    AtomicFiles.writeFile(file, temporary -> Files.write(temporary, lines));
  }

  private static List<String> summary(Map<String, List<ReportRow>> rows) {
    StringBuilder header = new StringBuilder("| held out |");
    StringBuilder rule = new StringBuilder("|---|");
    for (Role role : Role.values()) {
      header.append(' ').append(role.shortTitle()).append(" |");
      rule.append("---|");
    }
    List<String> lines = new ArrayList<>(List.of("accuracy@1:", ""));
    lines.add(header + " generated above training mean |");
    lines.add(rule + "---|");
    rows.forEach((name, of) -> lines.add(summaryLine(name, of)));
    lines.addAll(List.of("", "![accuracy@1](report.png)", ""));
    return lines;
  }

  private static String summaryLine(String name, List<ReportRow> rows) {
    StringBuilder line = new StringBuilder("| " + name + " |");
    for (ReportRow row : rows) {
      line.append(String.format(Locale.ROOT, " %.3f |", row.score().accuracy().value()));
    }
    Estimate gain =
        ReportRow.find(rows, Role.GENERATED)
            .score()
            .gainOver(ReportRow.find(rows, Role.TRAINING_MEAN).score());
    return line + " " + gain.formatSigned() + " |";
  }

  private static List<String> section(
      Fold.Outcome outcome, List<ReportRow> rows, Double tuningSeconds) {
    List<String> lines = new ArrayList<>();
    lines.add("## " + outcome.heldOut());
    lines.add("");
    lines.add(
        String.format(
            Locale.ROOT,
            "%d questions. Generating one adapter took %.2f s, %s.",
            outcome.questions(),
            outcome.generated().secondsEach(),
            tuningSeconds == null
                ? "tuning was done elsewhere"
                : String.format(
                    Locale.ROOT,
                    "tuning its own on %d pairs %.0f s",
                    outcome.tuningPairs(),
                    tuningSeconds)));
    outcome.timeToAccuracy().ifPresent(result -> lines.addAll(List.of("", timeToAccuracy(result))));
    lines.add("");
    lines.add("| | accuracy@1 | mean reciprocal rank | change of accuracy@1 |");
    lines.add("|---|---|---|---|");
    RetrievalScore bare = ReportRow.find(rows, Role.BARE).score();
    rows.forEach(row -> lines.add(line(row.title(), row.score(), bare)));
    for (Contender contender : singles(outcome)) {
      lines.add(line(singleTitle(contender), contender.score(), bare));
    }
    lines.add("");
    lines.add(map(outcome.mapped()));
    lines.add("");
    return lines;
  }

  private static String map(Fold.Mapped map) {
    return String.format(
        Locale.ROOT,
        "![All adapters by the distance of their dW; the plane shows %.0f %% of the squared"
            + " distances](%s)",
        100 * map.explained(),
        map.picture());
  }

  private static String timeToAccuracy(TimeToAccuracy.Result result) {
    String generating =
        String.format(
            Locale.ROOT,
            "Time to accuracy (one run, warm): generating takes %.2f s and gives %.3f.",
            result.generateSeconds(),
            result.accuracy());
    TimeToAccuracy.Point last = result.last();
    if (last.step() == 0) {
      return generating + " The bare encoder is as good.";
    }
    String tuning =
        String.format(
            Locale.ROOT,
            "%.3f after %d steps, %.1f s",
            last.accuracy(),
            last.step(),
            last.seconds());
    return last.accuracy() < result.accuracy()
        ? generating + " Tuning does not get there: " + tuning + "."
        : String.format(
            Locale.ROOT,
            "%s Tuning gets to %s, %.0f times as long.",
            generating,
            tuning,
            last.seconds() / result.generateSeconds());
  }

  private static String line(String title, RetrievalScore score, RetrievalScore bare) {
    return "| "
        + String.join(
            " | ",
            title,
            score.accuracy().format(),
            score.meanReciprocalRank().format(),
            score.gainOver(bare).formatSigned())
        + " |";
  }

  /** Those of whom the rows have the means only. */
  private static List<Contender> singles(Fold.Outcome outcome) {
    List<Contender> singles = new ArrayList<>(outcome.scored().of(Kind.TRAINING));
    singles.addAll(outcome.scored().of(Kind.GENERATED));
    return singles;
  }

  private static String singleTitle(Contender contender) {
    return contender.kind() == Kind.TRAINING
        ? "training adapter: " + contender.detail()
        : "generated, draw " + contender.detail();
  }

  private static List<String> csv(List<Fold.Outcome> outcomes, Map<String, List<ReportRow>> rows) {
    List<String> lines = new ArrayList<>(List.of(CSV_HEADER));
    for (Fold.Outcome outcome : outcomes) {
      String name = outcome.heldOut();
      RetrievalScore bare = ReportRow.find(rows.get(name), Role.BARE).score();
      for (ReportRow row : rows.get(name)) {
        lines.add(csvLine(name, row.role().name(), row.detail(), row.score(), bare));
      }
      for (Contender contender : outcome.scored().contenders()) {
        lines.add(
            csvLine(
                name,
                "SINGLE_" + contender.kind().name(),
                contender.detail(),
                contender.score(),
                bare));
      }
    }
    return lines;
  }

  /** Names have no commas. */
  private static String csvLine(
      String heldOut, String row, String detail, RetrievalScore score, RetrievalScore bare) {
    return String.join(
        ",",
        heldOut,
        row.toLowerCase(Locale.ROOT),
        detail,
        Integer.toString(score.questions()),
        csv(score.accuracy()),
        csv(score.meanReciprocalRank()),
        csv(score.gainOver(bare)));
  }

  private static String csv(Estimate estimate) {
    return String.format(
        Locale.ROOT, "%.6f,%.6f,%.6f", estimate.value(), estimate.low(), estimate.high());
  }
}
