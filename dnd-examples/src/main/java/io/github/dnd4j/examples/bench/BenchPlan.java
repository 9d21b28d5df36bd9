package io.github.dnd4j.examples.bench;

import io.github.dnd4j.InvalidInputException;
import io.github.dnd4j.decoder.ConvolutionEngine;
import io.github.dnd4j.internal.Checks;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * What {@code dnd bench} is to measure.
 *
 * @param parts which parts; without {@link BenchPart#TRAINING} there is no training
 * @param decoder the decoder of the stages and of the adapter
 * @param prompts any prompts; if there are too few they are taken again with a number in front
 * @param encodePrompts how many prompts the encoder is measured with; as many as the decoder takes
 *     always come first
 * @param fullTexts how many texts that fill all tokens it is measured with; 0 alone is none
 * @param batches how many conditions are decoded at once; a single one always comes first
 * @param engines the convolution engines, the first of which the others are compared with
 * @param repeats how often each piece is measured after its first, cold run
 * @param training the decoder that is trained; empty for no training
 * @param peerBatches how many conditions PyTorch decodes at once; a single one always comes first
 * @param peers where other programs' scripts lie; empty to leave the others alone
 * @param out where the adapter is written to; empty for a temporary folder
 */
public record BenchPlan(
    Set<BenchPart> parts,
    BenchStructure decoder,
    List<String> prompts,
    List<Integer> encodePrompts,
    List<Integer> fullTexts,
    List<Integer> batches,
    List<ConvolutionEngine> engines,
    int repeats,
    Optional<BenchStructure> training,
    List<Integer> peerBatches,
    Optional<PeerScripts> peers,
    Optional<Path> out) {

  /** Decides all weights. */
  static final long SEED = 0;

  /** Items of a training step. */
  static final int TRAINING_BATCH = 8;

  /** Training steps after the first that are not counted. */
  static final int TRAINING_WARM_UP = 2;

  /** Training steps that are, for each repetition. */
  static final int TRAINING_STEPS = 5;

  /**
   * Checks and copies the values.
   *
   * @param parts what to measure, at least one
   * @param decoder the decoder of the stages and of the adapter
   * @param prompts prompts, at least one
   * @param encodePrompts numbers of prompts, positive
   * @param fullTexts numbers of texts, positive; or 0 alone
   * @param batches numbers of conditions, positive
   * @param engines the convolution engines, at least one
   * @param repeats runs after the first, not negative
   * @param training the decoder that is trained, if any
   * @param peerBatches numbers of conditions, positive
   * @param peers where other programs' scripts lie, if they are to be run
   * @param out where the adapter is written to, if it is to be kept
   * @throws InvalidInputException if a number is not as it must be, or there are no prompts
   */
  public BenchPlan {
    if (prompts.isEmpty()) {
      throw new InvalidInputException("there are no prompts: at least one is needed");
    }
    if (repeats < 0) {
      throw new InvalidInputException("--repeats must not be negative, but is " + repeats);
    }
    prompts = List.copyOf(prompts);
    encodePrompts =
        with(decoder.config().conditionShape().prompts(), encodePrompts, "--encode-prompts");
    fullTexts = fullTexts.equals(List.of(0)) ? List.of() : sorted(fullTexts, "--full-texts");
    batches = with(1, batches, "--batches");
    peerBatches = with(1, peerBatches, "--peer-batches");
    parts = Set.copyOf(parts);
    if (!parts.contains(BenchPart.TRAINING)) {
      training = Optional.empty();
    }
    engines = engines.stream().distinct().toList();
  }

  private static List<Integer> with(int first, List<Integer> others, String option) {
    return Stream.concat(Stream.of(first), sorted(others, option).stream()).distinct().toList();
  }

  private static List<Integer> sorted(List<Integer> values, String option) {
    values.forEach(value -> Checks.positive(value, option));
    return values.stream().sorted().distinct().toList();
  }

  /** Prompts that all differ: the encoder does the same work twice only once. */
  List<String> prompts(int count) {
    return IntStream.range(0, count).mapToObj(this::prompt).toList();
  }

  /** One of them; there is no last. */
  String prompt(int index) {
    int round = index / prompts.size();
    return (round == 0 ? "" : round + 1 + " ") + prompts.get(index % prompts.size());
  }

  /** The direct engine is what others are compared with: one condition is enough for that. */
  List<Integer> batches(ConvolutionEngine engine) {
    return engine == ConvolutionEngine.DIRECT && engines.size() > 1 ? List.of(1) : batches;
  }

  boolean measures(BenchPart part) {
    return parts.contains(part);
  }

  /** How many pieces of DnD4J are measured. */
  int pieces() {
    int encoding = measures(BenchPart.ENCODER) ? encodePrompts.size() + fullTexts.size() : 0;
    int decoding = engines.stream().mapToInt(engine -> batches(engine).size()).sum();
    int adapter = 2;
    return encoding
        + (measures(BenchPart.DECODER) ? decoding + adapter : 0)
        + (training.isPresent() ? engines.size() : 0);
  }

  /** Steps of a training run: the first, those that are not counted, and those that are. */
  int trainingSteps() {
    return repeats == 0 ? 1 : 1 + TRAINING_WARM_UP + TRAINING_STEPS * repeats;
  }

  /** What is left of a training run's steps: the first, and those that count. */
  <T> List<T> countedSteps(List<T> steps) {
    return IntStream.range(0, steps.size())
        .filter(i -> i == 0 || i > TRAINING_WARM_UP)
        .mapToObj(steps::get)
        .toList();
  }
}
