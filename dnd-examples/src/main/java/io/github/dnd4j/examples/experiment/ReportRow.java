package io.github.dnd4j.examples.experiment;

import io.github.dnd4j.examples.experiment.Contender.Kind;
import java.util.Comparator;
import java.util.List;

/**
 * One line of a held-out set's report.
 *
 * @param role what is compared
 * @param detail which of its kind; may be empty
 * @param score how it did
 */
record ReportRow(Role role, String detail, RetrievalScore score) {

  /** What is compared, in the order of the report. */
  enum Role {
    BARE("bare encoder", "bare"),
    TRAINING_MEAN("training adapters, mean of their scores", "training mean"),
    TRAINING_BEST("best training adapter (oracle)", "training best"),
    MEAN_OF_WEIGHTS("mean of the training adapters' weights", "mean weights"),
    NEAREST("training adapter of the nearest prompts", "nearest"),
    GENERATED("generated, mean of draws' scores", "generated"),
    SCALED("generated, scaled by novelty", "scaled by novelty"),
    MEAN_OF_DRAWS("generated, mean of draws' weights", "generated, mean weights"),
    MIXED_PROMPTS("control: prompts of all training sets", "mixed prompts"),
    UNRELATED_PROMPTS("control: prompts of an unrelated set", "unrelated prompts"),
    OWN("own tuned adapter", "own");

    private final String title;
    private final String shortTitle;

    Role(String title, String shortTitle) {
      this.title = title;
      this.shortTitle = shortTitle;
    }

    String title() {
      return title;
    }

    String shortTitle() {
      return shortTitle;
    }
  }

  /** The rows of a held-out set, one of each role. */
  static List<ReportRow> of(Fold.Outcome outcome) {
    Fold.Scored scored = outcome.scored();
    List<Contender> training = scored.of(Kind.TRAINING);
    Contender best =
        training.stream()
            .max(Comparator.comparingDouble(contender -> contender.score().accuracy().value()))
            .orElseThrow();
    String nearest = outcome.generated().nearest();
    Contender ofNearest =
        training.stream()
            .filter(contender -> contender.detail().equals(nearest))
            .findFirst()
            .orElseThrow();
    List<Contender> scaled = scored.of(Kind.SCALED);
    return List.of(
        mean(Role.BARE, "", scored.of(Kind.BARE)),
        mean(Role.TRAINING_MEAN, "", training),
        mean(Role.TRAINING_BEST, best.detail(), List.of(best)),
        mean(Role.MEAN_OF_WEIGHTS, "", scored.of(Kind.MEAN_OF_WEIGHTS)),
        mean(Role.NEAREST, nearest, List.of(ofNearest)),
        mean(Role.GENERATED, "", scored.of(Kind.GENERATED)),
        // A generator that remembers nothing does not scale.
        mean(Role.SCALED, "", scaled.isEmpty() ? scored.of(Kind.GENERATED) : scaled),
        mean(Role.MEAN_OF_DRAWS, "", scored.of(Kind.MEAN_OF_DRAWS)),
        mean(Role.MIXED_PROMPTS, "", scored.of(Kind.MIXED_PROMPTS)),
        mean(
            Role.UNRELATED_PROMPTS,
            outcome.generated().unrelated(),
            scored.of(Kind.UNRELATED_PROMPTS)),
        mean(Role.OWN, "", scored.of(Kind.OWN)));
  }

  private static ReportRow mean(Role role, String detail, List<Contender> contenders) {
    return new ReportRow(role, detail, Contender.mean(contenders));
  }

  /** The row of one role. */
  static ReportRow find(List<ReportRow> rows, Role role) {
    return rows.stream().filter(row -> row.role == role).findFirst().orElseThrow();
  }

  String title() {
    return detail.isEmpty() ? role.title() : role.title() + ": " + detail;
  }
}
