package io.github.dnd4j.examples.bench;

import io.github.dnd4j.examples.diagnosis.TextTable;
import java.util.Locale;

/** A part of the way from prompts to an adapter, or of training. */
enum Part {
  ENCODING("encoding", "prompt"),
  ENCODING_FULL("encoding", "full text"),
  DECODING("decoding", "condition"),
  MAKING("making the adapter", "adapter"),
  WRITING("writing it", "adapter"),
  END_TO_END("prompts to adapter", "adapter"),
  TRAINING("training step", "item");

  private final String title;
  private final String unit;

  Part(String title, String unit) {
    this.title = title;
    this.unit = unit;
  }

  /** For example "encoding, 128 prompts". */
  String title(int size) {
    return unit.equals("adapter") ? title : title + ", " + TextTable.count(size, unit);
  }

  /** What a measurement's size counts. */
  String unit() {
    return unit;
  }

  /** For example "end-to-end". */
  String id() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
