package io.github.dnd4j;

import io.github.dnd4j.internal.Checks;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.DoubleStream;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * What a generator remembers of the prompts that it was trained on, so that it can tell when it is
 * lost: for each training set the direction of its prompts, and two distances to judge others by.
 *
 * <p>A prompt's direction is the mean over its leading tokens of their hidden states, each scaled
 * to unit length, scaled to unit length again. A set's centroid is the unit vector of the sum of
 * its prompts' directions. The distance of prompts to a set is 1 minus the mean of their cosines to
 * its centroid, which does not depend on how many prompts there are. Then
 *
 * <pre>
 * novelty = max(0, (distance to the nearest centroid - familiar) / (unfamiliar - familiar))
 * </pre>
 *
 * <p>{@code familiar} and {@code unfamiliar} come from draws of each training set's prompts: the
 * mean distance of a draw to the centroid of its set's other draws, and the mean distance to the
 * nearest centroid of another set, as if its own had been held out. Both are means over the sets of
 * the means over draws.
 *
 * <p>{@code DragAndDropTrainer} makes one of its training sets, and a generator's directory holds
 * it. For a generator that comes without one:
 *
 * <pre>{@code
 * TrainingPrompts.Builder builder = TrainingPrompts.builder();
 * for (List<String> draw : drawsOfArc) {
 *   try (INDArray condition = encoder.encode(draw, textLength, ProgressListener.NONE)) {
 *     builder.add("ARC-c", condition); // and so on for every training set
 *   }
 * }
 * Optional<TrainingPrompts> remembered = builder.build();
 * }</pre>
 *
 * <p>Immutable.
 *
 * @param tokens how many leading tokens of a prompt count, at least one
 * @param sets the training sets, at least two, of different names and centroids of one width
 * @param familiar the distance of prompts that are of a training set, not negative
 * @param unfamiliar the distance of prompts that are of none, larger than {@code familiar}
 * @param threshold the novelty above which prompts count as novel, above 0
 * @param changeNorm the Frobenius norm of the change dW that the training sets' own adapters make,
 *     on average; 0 if it is not known. What a generator makes is shorter, the more so the less
 *     sure it is, because the mean of what it may have been asked for is
 */
public record TrainingPrompts(
    int tokens,
    List<TrainingSet> sets,
    double familiar,
    double unfamiliar,
    double threshold,
    double changeNorm) {

  /** How many leading tokens of a prompt count unless it is said otherwise. */
  public static final int DEFAULT_TOKENS = 8;

  /** The novelty above which prompts count as novel unless it is said otherwise. */
  public static final double DEFAULT_THRESHOLD = 1;

  /**
   * How many numbers all centroids together may have, so that a hostile file cannot ask for more.
   */
  private static final int MOST_NUMBERS = 1 << 20;

  /** What is less than this apart is not told apart. */
  private static final double SMALLEST_GAP = 1e-4;

  private static final double GREATEST_DISTANCE = 2;

  /** What is much too short is not sure to point anywhere. */
  private static final double GREATEST_STRENGTH = 3;

  /** The prompts of one training set: its name, and where they lie. Immutable. */
  public static final class TrainingSet {

    private static final double UNIT_TOLERANCE = 1e-3;

    private final String name;
    private final float[] centroid;

    /**
     * Creates one.
     *
     * @param name the set's name
     * @param centroid a vector of unit length, which is copied
     * @throws InvalidInputException if the name is blank, or the vector is not of unit length
     */
    public TrainingSet(String name, float[] centroid) {
      this.name = Checks.notBlank(name, "the name of a training set");
      this.centroid = Checks.notNull(centroid, "the centroid of " + name).clone();
      double length = Math.sqrt(dot(this.centroid, this.centroid));
      if (!(Math.abs(length - 1) <= UNIT_TOLERANCE)) {
        throw new InvalidInputException(
            "the centroid of " + name + " must have the length 1, but has " + length);
      }
    }

    /**
     * What the set is called.
     *
     * @return its name
     */
    public String name() {
      return name;
    }

    /**
     * Where its prompts lie.
     *
     * @return a copy of the centroid, of unit length
     */
    public float[] centroid() {
      return centroid.clone();
    }

    private static double dot(float[] a, float[] b) {
      double sum = 0;
      for (int i = 0; i < a.length; i++) {
        sum += (double) a[i] * b[i];
      }
      return sum;
    }

    /** Of prompts with a signature: 1 minus the mean cosine. */
    private double distance(double[] signature) {
      double sum = 0;
      for (int i = 0; i < centroid.length; i++) {
        sum += signature[i] * centroid[i];
      }
      return Math.min(Math.max(0, 1 - sum), GREATEST_DISTANCE); // of what rounding is beyond
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof TrainingSet set
          && name.equals(set.name)
          && Arrays.equals(centroid, set.centroid);
    }

    @Override
    public int hashCode() {
      return 31 * name.hashCode() + Arrays.hashCode(centroid);
    }

    @Override
    public String toString() {
      return name;
    }
  }

  /** The training set that prompts are nearest to. */
  private record Nearest(TrainingSet set, double distance) {}

  /**
   * Checks and copies the values.
   *
   * @param tokens how many leading tokens of a prompt count, at least one
   * @param sets the training sets, at least two
   * @param familiar the distance of prompts that are of a training set
   * @param unfamiliar the distance of prompts that are of none
   * @param threshold the novelty above which prompts count as novel
   * @param changeNorm the norm of the training sets' own adapters; 0 if it is not known
   * @throws InvalidInputException if a value is not as said
   */
  public TrainingPrompts {
    Checks.positive(tokens, "tokens");
    sets = List.copyOf(Checks.notNull(sets, "sets"));
    checkSets(sets);
    if (!(familiar >= 0
        && unfamiliar - familiar >= SMALLEST_GAP
        && unfamiliar <= GREATEST_DISTANCE)) {
      throw new InvalidInputException(
          "the distances of familiar and of unfamiliar prompts must be from 0 to 2, the second"
              + " above the first, but are "
              + familiar
              + " and "
              + unfamiliar);
    }
    PromptNovelty.checkThreshold(threshold);
    if (!(changeNorm >= 0 && Double.isFinite(changeNorm))) {
      throw new InvalidInputException(
          "the norm of the training sets' adapters must be finite and not negative, but is "
              + changeNorm);
    }
  }

  /**
   * A memory of prompts alone: the norm of the training sets' adapters is not known.
   *
   * @param tokens how many leading tokens of a prompt count
   * @param sets the training sets
   * @param familiar the distance of prompts that are of a training set
   * @param unfamiliar the distance of prompts that are of none
   * @param threshold the novelty above which prompts count as novel
   * @throws InvalidInputException if a value is not as said
   */
  public TrainingPrompts(
      int tokens, List<TrainingSet> sets, double familiar, double unfamiliar, double threshold) {
    this(tokens, sets, familiar, unfamiliar, threshold, 0);
  }

  private static void checkSets(List<TrainingSet> sets) {
    if (sets.size() < 2) {
      throw new InvalidInputException(
          "there are prompts of " + sets.size() + " training sets: at least two are needed");
    }
    int dimension = sets.get(0).centroid.length;
    if ((long) sets.size() * dimension > MOST_NUMBERS) {
      throw new InvalidInputException(
          sets.size()
              + " training sets with centroids of "
              + dimension
              + " numbers are too many: at most "
              + MOST_NUMBERS
              + " numbers are kept");
    }
    Set<String> names = new HashSet<>();
    for (TrainingSet set : sets) {
      if (!names.add(set.name)) {
        throw new InvalidInputException("two training sets are called " + set.name);
      }
      if (set.centroid.length != dimension) {
        throw new InvalidInputException(
            "the centroid of "
                + set.name
                + " has "
                + set.centroid.length
                + " numbers, but that of "
                + sets.get(0).name
                + " has "
                + dimension);
      }
    }
  }

  /**
   * Starts collecting draws of prompts.
   *
   * @return a builder
   */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * The same memory that takes other prompts for novel.
   *
   * @param newThreshold the novelty above which prompts count as novel, above 0
   * @return a copy
   */
  public TrainingPrompts withThreshold(double newThreshold) {
    return new TrainingPrompts(tokens, sets, familiar, unfamiliar, newThreshold, changeNorm);
  }

  /**
   * The same memory with the norm that adapters should have.
   *
   * @param norm the mean Frobenius norm of the change dW of the training sets' own adapters, above
   *     0
   * @return a copy
   */
  public TrainingPrompts withChangeNorm(double norm) {
    return new TrainingPrompts(tokens, sets, familiar, unfamiliar, threshold, norm);
  }

  /**
   * By how much to scale an adapter that was generated of prompts. Familiar ones (novelty 0) bring
   * it to the norm of the training sets' own adapters, if that is known; from there it goes in a
   * straight line to 1 at the threshold, and above it the adapter is made smaller. It is never
   * stretched to more than {@value #GREATEST_STRENGTH} times its size.
   *
   * @param novelty of the prompts
   * @param norm the Frobenius norm of the change that the adapter makes as it was generated
   * @return the factor
   */
  public double strength(PromptNovelty novelty, double norm) {
    if (novelty.isNovel() || changeNorm <= norm) {
      return novelty.strength();
    }
    double restoring = Math.min(changeNorm / norm, GREATEST_STRENGTH);
    return 1 + (restoring - 1) * (1 - novelty.score() / novelty.threshold());
  }

  /**
   * The width of the centroids: that of the hidden states of the encoder that made them.
   *
   * @return C
   */
  public int dimension() {
    return sets.get(0).centroid.length;
  }

  /**
   * How unlike prompts are to those of the training.
   *
   * @param condition their hidden states {@code [N, L, C]}, FLOAT in 'c' order; it is only read
   * @return the novelty
   * @throws ShapeMismatchException if the states are of another width
   * @throws DragAndDropException if a state is NaN or infinite
   */
  public PromptNovelty novelty(INDArray condition) {
    Checks.shape(condition, "a condition", -1, -1, dimension());
    Nearest nearest = nearest(PromptSignature.of(condition, tokens), sets);
    double score = (nearest.distance - familiar) / (unfamiliar - familiar);
    return new PromptNovelty(Math.max(0, score), nearest.set.name, threshold);
  }

  private static Nearest nearest(double[] signature, List<TrainingSet> among) {
    Nearest nearest = null;
    for (TrainingSet set : among) {
      double distance = set.distance(signature);
      if (nearest == null || distance < nearest.distance) {
        nearest = new Nearest(set, distance);
      }
    }
    return nearest;
  }

  /** Collects draws of the prompts of training sets. For one thread. */
  public static final class Builder {

    private final Map<String, List<double[]>> draws = new LinkedHashMap<>();
    private int tokens = DEFAULT_TOKENS;

    private Builder() {}

    /**
     * How many leading tokens of a prompt count. Call it before the first draw is added.
     *
     * @param value the tokens; {@link #DEFAULT_TOKENS} unless set
     * @return this builder
     */
    public Builder tokens(int value) {
      if (!draws.isEmpty()) {
        throw new InvalidInputException("tokens(...) must be called before add(...)");
      }
      this.tokens = Checks.positive(value, "tokens");
      return this;
    }

    /**
     * Adds a draw of the prompts of a training set. No prompt should be in two draws: each draw is
     * judged by the others. About sixteen draws of each set are plenty.
     *
     * @param set the training set's name
     * @param condition the prompts' hidden states {@code [N, L, C]}, FLOAT in 'c' order; it is only
     *     read
     * @return this builder
     * @throws ShapeMismatchException if the states are of another width than those before
     * @throws DragAndDropException if a state is NaN or infinite
     */
    public Builder add(String set, INDArray condition) {
      Checks.notBlank(set, "the name of a training set");
      double[] signature = PromptSignature.of(condition, tokens);
      draws.values().stream()
          .findFirst()
          .ifPresent(first -> Checks.shape(condition, "a condition", -1, -1, first.get(0).length));
      draws.computeIfAbsent(set, unused -> new ArrayList<>()).add(signature);
      return this;
    }

    /**
     * Makes a memory of the draws.
     *
     * @return the memory; empty if the draws do not allow one: of fewer than two training sets, of
     *     none with two draws, of prompts that are no nearer to their own set than to others, or of
     *     more training sets than can be kept (a million numbers in all)
     */
    public Optional<TrainingPrompts> build() {
      List<TrainingSet> sets = new ArrayList<>();
      draws.forEach((name, of) -> unit(sum(of)).ifPresent(c -> sets.add(new TrainingSet(name, c))));
      double familiar = mean(sets.stream().mapToDouble(this::familiar));
      double unfamiliar = mean(sets.stream().mapToDouble(set -> unfamiliar(set, sets)));
      boolean toldApart = unfamiliar - familiar >= SMALLEST_GAP; // not if one of them is NaN
      boolean fits =
          !sets.isEmpty() && (long) sets.size() * sets.get(0).centroid.length <= MOST_NUMBERS;
      return toldApart && fits
          ? Optional.of(new TrainingPrompts(tokens, sets, familiar, unfamiliar, DEFAULT_THRESHOLD))
          : Optional.empty();
    }

    /** Mean distance of a set's draws to the centroid of its others; NaN if there is only one. */
    private double familiar(TrainingSet set) {
      List<double[]> own = draws.get(set.name);
      double[] all = sum(own);
      return mean(
          own.stream()
              .filter(unused -> own.size() > 1)
              .flatMap(
                  draw ->
                      unit(difference(all, draw)).stream()
                          .map(others -> new TrainingSet(set.name, others).distance(draw)))
              .mapToDouble(Double::doubleValue));
    }

    /** Mean distance of a set's draws to the nearest other set; NaN if there is none. */
    private double unfamiliar(TrainingSet set, List<TrainingSet> sets) {
      List<TrainingSet> others =
          sets.stream().filter(other -> !other.name.equals(set.name)).toList();
      return mean(
          draws.get(set.name).stream()
              .filter(unused -> !others.isEmpty())
              .mapToDouble(draw -> nearest(draw, others).distance));
    }

    /** The mean of those that are numbers; NaN if there are none. */
    private static double mean(DoubleStream values) {
      return values.filter(value -> !Double.isNaN(value)).average().orElse(Double.NaN);
    }

    private static double[] sum(List<double[]> vectors) {
      double[] sum = new double[vectors.get(0).length];
      for (double[] vector : vectors) {
        for (int i = 0; i < sum.length; i++) {
          sum[i] += vector[i];
        }
      }
      return sum;
    }

    private static double[] difference(double[] a, double[] b) {
      double[] difference = new double[a.length];
      for (int i = 0; i < a.length; i++) {
        difference[i] = a[i] - b[i];
      }
      return difference;
    }

    /** Empty of a vector without a direction. */
    private static Optional<float[]> unit(double[] vector) {
      double length = Math.sqrt(Arrays.stream(vector).map(x -> x * x).sum());
      if (!(length > 0)) {
        return Optional.empty();
      }
      float[] unit = new float[vector.length];
      for (int i = 0; i < unit.length; i++) {
        unit[i] = (float) (vector[i] / length);
      }
      return Optional.of(unit);
    }
  }
}
