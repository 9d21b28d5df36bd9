package io.github.dnd4j.examples;

import static io.github.dnd4j.examples.CommandLineRun.dnd;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.dnd4j.DragAndDrop;
import io.github.dnd4j.PromptNovelty;
import io.github.dnd4j.TrainingPrompts;
import io.github.dnd4j.decoder.HyperConvDecoder;
import io.github.dnd4j.decoder.HyperConvPreset;
import io.github.dnd4j.encoder.SentenceEncoder;
import io.github.dnd4j.lora.LoraAdapter;
import io.github.dnd4j.lora.LoraTargets;
import io.github.dnd4j.spi.ProgressListener;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.api.ndarray.INDArray;

@DisplayName("A generator that remembers its training prompts, in the dnd command")
class NoveltyTest {

  private static final Path SCIENCE = Path.of("prompts", "science.txt");

  private static final List<String> CODE =
      List.of(
          "Write a function that reverses a list in Python.",
          "Create a SQL query that counts the rows of a table.",
          "Write a method in Java that checks whether a number is prime.",
          "Implement binary search in C++.",
          "Write a regular expression that matches an e-mail address.",
          "Create a CSS rule that centres a box.",
          "Write a loop in JavaScript that sums an array.",
          "Implement a stack with two queues in Python.");

  private static final List<String> LETTERS =
      List.of(
          "Dear Ms Baker, thank you for the wonderful evening last Friday.",
          "To whom it may concern: I hereby cancel my membership by the end of May.",
          "Dear neighbours, our daughter marries on Saturday, and it will get loud.",
          "Sehr geehrte Frau Schmidt, anbei erhalten Sie die gewünschten Unterlagen.");

  @TempDir private Path folder;
  private Path generator;

  /** All-MiniLM-L6-v2 and random weights: how novel prompts are does not depend on the decoder. */
  @BeforeEach
  void save() throws IOException {
    generator = folder.resolve("generator");
    SentenceEncoder encoder = SentenceEncoder.allMiniLmL6V2();
    TrainingPrompts.Builder remembered = TrainingPrompts.builder();
    addDraws(remembered, encoder, "science", Files.readAllLines(SCIENCE));
    addDraws(remembered, encoder, "code", CODE);
    try (DragAndDrop saved =
        DragAndDrop.builder()
            .encoder(encoder)
            .decoder(HyperConvDecoder.fresh(HyperConvPreset.MINILM_L6.config(), 0))
            .target(LoraTargets.MINILM_L6)
            .trainingPrompts(remembered.build().orElseThrow())
            .build()) {
      saved.save(generator);
    }
  }

  private static void addDraws(
      TrainingPrompts.Builder remembered, SentenceEncoder encoder, String set, List<String> all) {
    for (String prompt : all) {
      try (INDArray condition = encoder.encode(List.of(prompt), 32, ProgressListener.NONE)) {
        remembered.add(set, condition);
      }
    }
  }

  private CommandLineRun generate(Path prompts, String out, Object... more) {
    Object[] arguments = {
      "generate", "--generator", generator, "--prompts", prompts, "--out", folder.resolve(out)
    };
    Object[] all = Arrays.copyOf(arguments, arguments.length + more.length);
    System.arraycopy(more, 0, all, arguments.length, more.length);
    return dnd(all);
  }

  private PromptNovelty noveltyOf(String adapter) {
    try (LoraAdapter loaded = LoraAdapter.load(folder.resolve(adapter))) {
      return PromptNovelty.of(loaded).orElseThrow();
    }
  }

  @Test
  @DisplayName("says that prompts are familiar, without a warning")
  void familiar() {
    CommandLineRun run = generate(SCIENCE, "adapter");

    assertThat(run.exitCode()).as(run.err()).isZero();
    assertThat(run.out()).contains("novelty of prompts", "(nearest training set: science)");
    assertThat(run.err()).isEmpty();
    assertThat(noveltyOf("adapter").score()).isLessThan(0.5);
  }

  @Test
  @DisplayName("warns of others, and scales their adapter down if it is told to")
  void novel() throws IOException {
    // given
    Path letters = Files.write(folder.resolve("letters.txt"), LETTERS);
    // when
    CommandLineRun whole = generate(letters, "whole");
    CommandLineRun scaled = generate(letters, "scaled", "--scale-by-novelty");
    // then
    PromptNovelty novelty = noveltyOf("whole");
    assertThat(novelty.isNovel()).isTrue();
    assertThat(whole.exitCode()).as(whole.err()).isZero();
    assertThat(whole.err())
        .contains("dnd: warning: these prompts are unlike all that the generator was trained on")
        .contains("or --scale-by-novelty")
        .hasLineCount(1);
    assertThat(scaled.err()).contains("warning").doesNotContain("--scale-by-novelty");
    assertThat(scaled.out())
        .contains(String.format(Locale.ROOT, "scaled by %.2f)", novelty.strength()));
    // and
    CommandLineRun inspect = dnd("inspect", folder.resolve("scaled"));
    assertThat(inspect.out())
        .contains("dnd4j.novelty = ", "dnd4j.nearest_training_set = ")
        .contains("dnd4j.strength = " + novelty.strength());
  }

  @Test
  @DisplayName("is told from one that does not")
  void inspected() {
    // given
    Path other = folder.resolve("other");
    try (DragAndDrop forgetful =
        DragAndDrop.builder()
            .encoder(SentenceEncoder.allMiniLmL6V2())
            .decoder(HyperConvDecoder.fresh(HyperConvPreset.MINILM_L6.config(), 0))
            .target(LoraTargets.MINILM_L6)
            .build()) {
      forgetful.save(other);
    }
    // when, then
    assertThat(dnd("inspect", generator).out())
        .contains("remembers      the prompts of 2 training sets: [science, code]");
    assertThat(dnd("inspect", other).out()).contains("remembers      no training prompts");
    generator = other;
    assertThat(generate(SCIENCE, "adapter").out()).doesNotContain("novelty");
    CommandLineRun refused = generate(SCIENCE, "adapter", "--scale-by-novelty");
    assertThat(refused.exitCode()).isEqualTo(1);
    assertThat(refused.err()).contains("remembers no training prompts").hasLineCount(1);
  }
}
