package io.github.dnd4j.examples.diagnosis;

import java.util.Locale;

/** What two changes have to do with each other. */
enum Relation {
  SAME("the same"),
  SAME_DIRECTION("the same direction"),
  RELATED("related"),
  UNRELATED("unrelated"),
  PARTLY_OPPOSITE("partly opposite"),
  OPPOSITE("opposite"),
  ONE_DOES_NOTHING("one does nothing"),
  BOTH_DO_NOTHING("both do nothing");

  /** As far apart, in relation to the larger one, as roundings to bfloat16 may bring equals. */
  static final double SAME_WITHIN = 0.01;

  private static final double SAME_DIRECTION_FROM = 0.95;
  private static final double RELATED_FROM = 0.1;

  /** What counts as another strength. */
  private static final double STRENGTH_WITHIN = 0.05;

  private final String words;

  Relation(String words) {
    this.words = words;
  }

  static Relation of(Measure measure) {
    if (measure.firstNorm() == 0 || measure.secondNorm() == 0) {
      return measure.firstNorm() == measure.secondNorm() ? BOTH_DO_NOTHING : ONE_DOES_NOTHING;
    }
    if (measure.relativeDistance() <= SAME_WITHIN) {
      return SAME;
    }
    double cosine = measure.cosine();
    if (cosine >= RELATED_FROM) {
      return cosine >= SAME_DIRECTION_FROM ? SAME_DIRECTION : RELATED;
    }
    if (cosine > -RELATED_FROM) {
      return UNRELATED;
    }
    return cosine <= -SAME_DIRECTION_FROM ? OPPOSITE : PARTLY_OPPOSITE;
  }

  /** A few words, for a table. */
  String words() {
    return words;
  }

  /** For programs. */
  String code() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** A sentence on two adapters. */
  String sentence(Measure measure) {
    String sizes =
        String.format(
            Locale.ROOT,
            "the second is %s times as large as the first, their cosine is %.2f",
            TextTable.number(measure.ratio()),
            measure.cosine());
    return switch (this) {
      case SAME -> "They are the same, but for roundings.";
      case SAME_DIRECTION ->
          Math.abs(measure.ratio() - 1) < STRENGTH_WITHIN
              ? "They do nearly the same: " + sizes + "."
              : "They have the same direction and another strength: " + sizes + ".";
      case RELATED -> "They are related: " + sizes + ".";
      case UNRELATED -> "They are unrelated: " + sizes + ".";
      case PARTLY_OPPOSITE -> "They work against each other in part: " + sizes + ".";
      case OPPOSITE -> "They are opposite, one undoes the other: " + sizes + ".";
      case ONE_DOES_NOTHING ->
          "The " + (measure.firstNorm() == 0 ? "first" : "second") + " does nothing.";
      case BOTH_DO_NOTHING -> "Both do nothing.";
    };
  }
}
