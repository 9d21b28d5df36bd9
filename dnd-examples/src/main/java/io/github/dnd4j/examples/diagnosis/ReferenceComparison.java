package io.github.dnd4j.examples.diagnosis;

import static io.github.dnd4j.examples.diagnosis.TextTable.count;
import static io.github.dnd4j.examples.diagnosis.TextTable.decimals;
import static io.github.dnd4j.examples.diagnosis.TextTable.number;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.dnd4j.DragAndDropException;
import io.github.dnd4j.FileAccessException;
import io.github.dnd4j.lora.LoraAdapter;
import io.github.dnd4j.lora.LoraGeometry;
import io.github.dnd4j.training.TaskData;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * How an adapter stands among others, as points in the space of all dW.
 *
 * @param norm its norm
 * @param norms the references' norms, in their order
 * @param nearest the nearest reference; empty if there are none to compare with
 * @param nearestDistance its distance
 * @param nearestCosine its cosine
 * @param meanNorm the norm of the references' mean
 * @param toMean to the references' mean
 * @param ownToMean of each reference to the mean of the other references; empty if there is one
 *     only
 * @param leftOut which references are not compared with, and why
 */
record ReferenceComparison(
    double norm,
    List<Double> norms,
    String nearest,
    double nearestDistance,
    double nearestCosine,
    double meanNorm,
    Place toMean,
    List<Place> ownToMean,
    List<String> leftOut) {

  /** In relation to the median reference: nearer to the mean is "just the mean". */
  private static final double JUST_THE_MEAN = 0.25;

  private static final double SAME_DIRECTION = 0.9;

  /** Ten times as large or as small as the median reference. */
  private static final double FAR_OFF = 10;

  /** Of one point, as seen from another. */
  record Place(double distance, double cosine) {

    /** From the squares of two norms and the inner product. */
    static Place of(double square, double otherSquare, double product) {
      return new Place(
          Math.sqrt(Math.max(0, square + otherSquare - 2 * product)),
          Math.max(-1, Math.min(1, product / Math.sqrt(square * otherSquare))));
    }
  }

  /**
   * Compares with the PEFT directories in folders. References that are the adapter itself, have
   * other modules, are broken or do nothing are left out.
   *
   * @param path where the adapter is from
   * @param adapter one without NaN that does something
   * @param folders the folders
   */
  static ReferenceComparison of(Path path, LoraAdapter adapter, List<Path> folders) {
    List<String> leftOut = new ArrayList<>();
    List<Path> compared = new ArrayList<>();
    List<LoraAdapter> all = new ArrayList<>(List.of(adapter));
    try (AdapterSet references = new AdapterSet(adapter)) {
      for (Path reference :
          folders.stream().flatMap(f -> TaskData.checkpointsIn(f).stream()).toList()) {
        String reason = add(references, reference, path);
        if (reason.isEmpty()) {
          compared.add(reference);
        } else {
          leftOut.add(reason);
        }
      }
      all.addAll(references.adapters());
      return compared.isEmpty()
          ? none(adapter, leftOut)
          : of(LoraGeometry.innerProducts(all), all, compared, leftOut);
    }
  }

  /** Why it is left out; empty if it is not. */
  private static String add(AdapterSet references, Path reference, Path adapter) {
    try {
      if (Files.isSameFile(reference, adapter)) {
        return reference + ": it is the adapter itself";
      }
      if (references.open(reference) == 0) {
        references.drop();
        return reference + ": it does nothing";
      }
      return "";
    } catch (IOException e) {
      throw new FileAccessException("cannot read " + reference + ": " + e.getMessage(), e);
    } catch (DragAndDropException e) {
      String message = String.valueOf(e.getMessage());
      return message.contains(reference.toString()) ? message : reference + ": " + message;
    }
  }

  private static ReferenceComparison none(LoraAdapter adapter, List<String> leftOut) {
    Place nowhere = new Place(Double.NaN, Double.NaN);
    return new ReferenceComparison(
        LoraGeometry.norm(adapter),
        List.of(),
        "",
        Double.NaN,
        Double.NaN,
        Double.NaN,
        nowhere,
        List.of(),
        List.copyOf(leftOut));
  }

  /** The adapter is the first of all, and the first row of the Gram matrix. */
  private static ReferenceComparison of(
      double[][] gram, List<LoraAdapter> all, List<Path> paths, List<String> leftOut) {
    int count = paths.size();
    int nearest = 1;
    double total = 0;
    double[] sums = new double[count + 1];
    List<Double> norms = new ArrayList<>();
    for (int i = 0; i <= count; i++) {
      for (int j = 1; j <= count; j++) {
        sums[i] += gram[i][j];
      }
      if (i > 0) {
        total += sums[i];
        norms.add(Math.sqrt(gram[i][i]));
        nearest = squaredDistance(gram, i) < squaredDistance(gram, nearest) ? i : nearest;
      }
    }
    List<Place> own = new ArrayList<>();
    for (int i = 1; i <= count && count > 1; i++) {
      double others = count - 1;
      double square = (total - 2 * sums[i] + gram[i][i]) / (others * others);
      own.add(Place.of(gram[i][i], square, (sums[i] - gram[i][i]) / others));
    }
    double meanSquare = total / ((double) count * count);
    return new ReferenceComparison(
        Math.sqrt(gram[0][0]),
        norms,
        name(paths.get(nearest - 1)),
        // Of near equals this is more exact than what the products give.
        LoraGeometry.distance(all.get(0), all.get(nearest)),
        Place.of(gram[0][0], gram[nearest][nearest], gram[0][nearest]).cosine(),
        Math.sqrt(Math.max(0, meanSquare)),
        Place.of(gram[0][0], meanSquare, sums[0] / count),
        own,
        List.copyOf(leftOut));
  }

  private static double squaredDistance(double[][] gram, int reference) {
    return gram[0][0] + gram[reference][reference] - 2 * gram[0][reference];
  }

  /** With its folder, which is often the task's name. */
  static String name(Path path) {
    Path absolute = path.toAbsolutePath().normalize();
    int names = absolute.getNameCount();
    return absolute.subpath(Math.max(0, names - 2), names).toString();
  }

  /** How many references are smaller; one that is as large counts half. */
  double smaller() {
    return norms.stream().mapToDouble(other -> other < norm ? 1 : other == norm ? 0.5 : 0).sum();
  }

  /** The share of references that are smaller, in percent. */
  double percentile() {
    return 100 * smaller() / norms.size();
  }

  double ratioToMedian() {
    return norm / Statistics.median(norms);
  }

  /** Where the references themselves are, from the mean of the others. */
  private List<Double> ownDistances() {
    return ownToMean.stream().map(Place::distance).toList();
  }

  private List<Double> ownCosines() {
    return ownToMean.stream().map(Place::cosine).toList();
  }

  /** By how many of the median reference's distances it is off the mean. */
  double relativeDistanceToMean() {
    return toMean.distance() / Statistics.median(ownDistances());
  }

  void print(PrintWriter out) {
    out.println();
    out.printf("  compared with %s:%n", count(norms.size(), "reference"));
    leftOut.forEach(reason -> out.println("    left out: " + reason));
    if (norms.isEmpty()) {
      return;
    }
    out.printf(
        Locale.ROOT,
        "    |dW|     %s: percentile %.0f; theirs: %s%n",
        number(norm),
        percentile(),
        spread(norms));
    out.printf(
        "    nearest  %s: cosine %s, distance %s%n",
        nearest, decimals(nearestCosine), number(nearestDistance));
    out.printf(
        "    mean     cosine %s, distance %s%n",
        decimals(toMean.cosine()), number(toMean.distance()));
    if (!ownToMean.isEmpty()) {
      out.printf(
          "             a reference to the mean of the others: cosine %s, distance %s%n",
          spread(ownCosines()), spread(ownDistances()));
    }
  }

  private static String spread(List<Double> values) {
    return number(Statistics.quantile(values, 0))
        + " to "
        + number(Statistics.quantile(values, 1))
        + " (median "
        + number(Statistics.median(values))
        + ")";
  }

  /** What it means, in sentences. */
  List<String> sentences() {
    if (norms.isEmpty()) {
      return List.of("There is no reference to compare it with: " + leftOutOfAll());
    }
    List<String> sentences = new ArrayList<>(List.of(strength()));
    sentences.add(
        nearestDistance < Relation.SAME_WITHIN * norm
            ? "It is the same as the reference " + nearest + "."
            : String.format(
                Locale.ROOT,
                "The nearest reference is %s, with a cosine of %.2f.",
                nearest,
                nearestCosine));
    if (!ownToMean.isEmpty()) {
      sentences.add(mean());
    }
    if (!leftOut.isEmpty()) {
      sentences.add(leftOutOfAll());
    }
    return sentences;
  }

  private String leftOutOfAll() {
    return count(leftOut.size(), "reference")
        + (leftOut.size() == 1 ? " is" : " are")
        + " left out, for the reasons given.";
  }

  private String strength() {
    double ratio = ratioToMedian();
    String verdict =
        ratio < 1 / FAR_OFF
            ? "It is far weaker than the references"
            : ratio > FAR_OFF
                ? "It is far stronger than the references"
                : "It is about as strong as the references";
    return String.format(
        Locale.ROOT,
        "%s: |dW| is %s times their median, and larger than that of %s of %d.",
        verdict,
        number(ratio),
        smaller() == Math.rint(smaller()) ? "%.0f".formatted(smaller()) : "" + smaller(),
        norms.size());
  }

  private String mean() {
    double relative = relativeDistanceToMean();
    if (relative < JUST_THE_MEAN) {
      return String.format(
          Locale.ROOT,
          "It is little else than the references' mean: its distance from it is %.2f of what a"
              + " reference's is from the mean of the others.",
          relative);
    }
    double across = norm * Math.sqrt(Math.max(0, 1 - toMean.cosine() * toMean.cosine()));
    if (toMean.cosine() > SAME_DIRECTION
        && across < JUST_THE_MEAN * Statistics.median(ownDistances())) {
      return String.format(
          Locale.ROOT,
          "It is little else than the references' mean at %.2f times its strength.",
          norm * toMean.cosine() / meanNorm);
    }
    double farthest = Statistics.quantile(ownDistances(), 1);
    return String.format(
        Locale.ROOT,
        "It is not just the references' mean: its distance from it is %.2f of what a reference's is"
            + " from the mean of the others%s.",
        relative,
        toMean.distance() > farthest ? ", farther than any of them" : "");
  }

  ObjectNode toJson() {
    ObjectNode json = Json.document();
    json.put("compared", norms.size());
    Json.putTexts(json, "leftOut", leftOut);
    if (norms.isEmpty()) {
      return json;
    }
    Json.putNumbers(json, "norms", norms);
    Json.put(json, "percentile", percentile());
    Json.put(json, "ratioToMedian", ratioToMedian());
    ObjectNode near = json.putObject("nearest").put("name", nearest);
    Json.put(near, "distance", nearestDistance);
    Json.put(near, "cosine", nearestCosine);
    ObjectNode mean = json.putObject("mean");
    Json.put(mean, "norm", meanNorm);
    Json.put(mean, "distance", toMean.distance());
    Json.put(mean, "cosine", toMean.cosine());
    Json.putNumbers(mean, "ownDistances", ownDistances());
    Json.putNumbers(mean, "ownCosines", ownCosines());
    return json;
  }
}
