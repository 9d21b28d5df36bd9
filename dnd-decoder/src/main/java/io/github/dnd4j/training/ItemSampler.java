package io.github.dnd4j.training;

import io.github.dnd4j.InvalidInputException;
import io.github.dnd4j.internal.Checks;
import io.github.dnd4j.training.Randoms.Purpose;
import io.github.dnd4j.training.TrainingItem.Part;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;

/**
 * Draws training items. An item depends on its number and on what this sampler was made with, and
 * on nothing else, so that a run goes on from a number. In each epoch every checkpoint comes once,
 * in an order of its own, with prompts that are drawn from its data set without replacement; a data
 * set of fewer prompts repeats them in turn. Safe for use by several threads.
 */
final class ItemSampler {

  private final List<TaskData> tasks;
  private final ConditionForm form;
  private final TaskMixing mixing;
  private final int prompts;
  private final long seed;

  /** All checkpoints, as data set and checkpoint within it. */
  private final List<Place> places;

  /** The order of the epoch that was asked for last. */
  private volatile Epoch latest;

  private record Place(int task, int checkpoint) {}

  private static final class Epoch {
    private final long number;
    private final int[] order;

    private Epoch(long number, int[] order) {
      this.number = number;
      this.order = order;
    }
  }

  /**
   * Creates a sampler.
   *
   * @throws InvalidInputException if the dataset lacks answers that the form needs
   */
  ItemSampler(
      PromptCheckpointDataset dataset,
      ConditionForm form,
      TaskMixing mixing,
      int prompts,
      long seed) {
    form.check(dataset);
    this.tasks = dataset.tasks();
    this.form = form;
    this.mixing = mixing;
    this.prompts = Checks.positive(prompts, "prompts");
    this.seed = seed;
    this.places =
        IntStream.range(0, tasks.size())
            .boxed()
            .flatMap(
                task ->
                    IntStream.range(0, tasks.get(task).checkpoints().size())
                        .mapToObj(checkpoint -> new Place(task, checkpoint)))
            .toList();
  }

  TrainingItem item(long index) {
    if (index < 0) {
      throw new InvalidInputException("there is no training item " + index);
    }
    Place place = place(index);
    RandomGenerator random = Randoms.of(seed, index, Purpose.PROMPTS);
    RandomGenerator mixer = Randoms.of(seed, index, Purpose.MIXING);
    if (tasks.size() > 1 && mixer.nextDouble() < mixing.probability()) {
      return new TrainingItem(index, mixed(place, mixer, random));
    }
    return new TrainingItem(index, List.of(part(place, prompts, random)));
  }

  private Place place(long index) {
    long number = index / places.size();
    Epoch epoch = latest;
    if (epoch == null || epoch.number != number) {
      RandomGenerator random = Randoms.of(seed, number, Purpose.EPOCH_ORDER);
      epoch = new Epoch(number, Randoms.shuffled(places.size(), places.size(), random));
      latest = epoch;
    }
    return places.get(epoch.order[(int) (index % places.size())]);
  }

  /** The data set whose turn it is and others, of which a checkpoint is drawn each. */
  private List<Part> mixed(Place place, RandomGenerator mixer, RandomGenerator random) {
    int most = Math.min(mixing.mostTasks(), tasks.size());
    int count = mixer.nextInt(2, most + 1);
    List<Place> mixed = new ArrayList<>(List.of(place));
    for (int other : Randoms.shuffled(tasks.size(), tasks.size(), mixer)) {
      if (other != place.task() && mixed.size() < count) {
        int checkpoint = mixer.nextInt(tasks.get(other).checkpoints().size());
        mixed.add(new Place(other, checkpoint));
      }
    }
    double[] shares = Randoms.dirichlet(count, mixing.concentration(), mixer);
    int[] counts = wholeNumbers(shares, prompts);
    List<Part> parts = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      if (counts[i] > 0) {
        parts.add(part(mixed.get(i), counts[i], random));
      }
    }
    return parts;
  }

  /** Whole numbers of a given sum in such shares, by the largest remainders. */
  static int[] wholeNumbers(double[] shares, int sum) {
    int[] counts = new int[shares.length];
    int left = sum;
    for (int i = 0; i < shares.length; i++) {
      counts[i] = (int) Math.floor(shares[i] * sum);
      left -= counts[i];
    }
    List<Integer> byRemainder =
        IntStream.range(0, shares.length)
            .boxed()
            .sorted(Comparator.comparingDouble(i -> counts[i] - shares[i] * sum))
            .toList();
    for (int i = 0; i < left; i++) {
      counts[byRemainder.get(i)]++;
    }
    return counts;
  }

  private Part part(Place place, int count, RandomGenerator random) {
    TaskData task = tasks.get(place.task());
    int size = task.examples().size();
    int[] order = Randoms.shuffled(size, count, random);
    List<String> texts = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      texts.add(form.text(task.examples().get(order[i % size]), random));
    }
    return new Part(task, place.checkpoint(), (double) count / prompts, texts);
  }
}
