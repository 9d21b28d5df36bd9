package io.github.dnd4j.examples;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Benchmark files in the form of multiple choice, about nothing in particular. */
final class QuizFile {

  private static final String[] ADJECTIVES = {"old", "cold", "wide", "deep", "quick", "calm"};

  private static final String[] PLACES = {
    "mountains", "deserts", "cities", "forests", "islands", "gardens", "caves", "harbours"
  };

  private QuizFile() {}

  /** So many questions about a subject, at most 48, and one of true or false. */
  static Path write(Path file, String subject, int questions) throws IOException {
    List<String> entries = new ArrayList<>();
    for (int i = 0; i < questions; i++) {
      String adjective = ADJECTIVES[i % ADJECTIVES.length];
      String place = PLACES[i % PLACES.length] + (i < 24 ? "" : " at night");
      entries.add(
          "{\"prompt\": \"Where is the "
              + adjective
              + " "
              + subject
              + " of the "
              + place
              + "?\\nA: nowhere\\nB: The "
              + subject
              + " lies in "
              + adjective
              + " "
              + place
              + "\", \"response\": \"[B]\", \"system\": \"answer\"}");
    }
    entries.add("{\"prompt\": \"is there a " + subject + "?\", \"response\": \"[True]\"}");
    Files.writeString(file, "[" + String.join(",\n", entries) + "]");
    return file;
  }
}
