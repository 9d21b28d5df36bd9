package io.github.dnd4j.examples.diagnosis;

import io.github.dnd4j.InvalidInputException;
import io.github.dnd4j.internal.AtomicFiles;
import io.github.dnd4j.internal.Checks;
import io.github.dnd4j.lora.LoraGeometry;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.apache.commons.math3.linear.EigenDecomposition;
import org.apache.commons.math3.linear.MatrixUtils;
import org.apache.commons.math3.linear.RealVector;

/**
 * Adapters as points of a plane, so that their distances are as near as possible to those of their
 * dW: classical multidimensional scaling (Torgerson, 1952), which for these distances is the same
 * as the first two principal components.
 *
 * <pre>{@code
 * AdapterMap map =
 *     AdapterMap.of(
 *         Map.of(
 *             "ARC-c 60", new AdapterMap.Item("ARC-c", Path.of("adapters/ARC-c/60")),
 *             "draw 1", new AdapterMap.Item("generated", Path.of("generated-1"))));
 * map.write(Path.of("map.png"), Path.of("map.csv"));
 * }</pre>
 */
public final class AdapterMap {

  private static final String CSV_HEADER = "name,group,x,y,explained,explained_overall";

  private final List<Point> points;
  private final double explained;

  /**
   * An adapter to draw.
   *
   * @param group what it belongs to; each group has a colour
   * @param adapter what {@link io.github.dnd4j.lora.LoraAdapter#load} takes
   */
  public record Item(String group, Path adapter) {

    /**
     * Checks the values.
     *
     * @param group what it belongs to
     * @param adapter where it is
     */
    public Item {
      Checks.notBlank(group, "group");
      Checks.notNull(adapter, "adapter");
    }
  }

  /**
   * An adapter's place.
   *
   * @param name its name
   * @param group what it belongs to
   * @param x its first coordinate, in units of the norm of dW; 0 is the mean of all
   * @param y its second coordinate
   * @param explained which share of its squared distance from the mean of all the plane shows, from
   *     0 to 1
   */
  public record Point(String name, String group, double x, double y, double explained) {}

  private AdapterMap(List<Point> points, double explained) {
    this.points = points;
    this.explained = explained;
  }

  /**
   * Finds the places of adapters. All are in memory while it does.
   *
   * @param adapters by name, in the order of the points and of the groups' legend
   * @return the map
   * @throws InvalidInputException if there are none, or one has other modules than the first, or
   *     NaN or infinite numbers; the message names it
   */
  public static AdapterMap of(Map<String, Item> adapters) {
    if (Checks.notNull(adapters, "adapters").isEmpty()) {
      throw new InvalidInputException("a map needs at least one adapter");
    }
    try (AdapterSet set = new AdapterSet()) {
      adapters.values().forEach(item -> set.open(item.adapter()));
      return place(adapters, centered(LoraGeometry.innerProducts(set.adapters())));
    }
  }

  /** The inner products of what is left when the mean of all is taken away. */
  private static double[][] centered(double[][] gram) {
    int count = gram.length;
    double[] means =
        Arrays.stream(gram).mapToDouble(row -> Arrays.stream(row).sum() / count).toArray();
    double mean = Arrays.stream(means).sum() / count;
    double[][] centered = new double[count][count];
    for (int i = 0; i < count; i++) {
      for (int j = 0; j <= i; j++) {
        centered[i][j] = gram[i][j] - means[i] - means[j] + mean;
        centered[j][i] = centered[i][j];
      }
    }
    return centered;
  }

  private static AdapterMap place(Map<String, Item> adapters, double[][] centered) {
    EigenDecomposition eigen =
        new EigenDecomposition(MatrixUtils.createRealMatrix(centered)); // largest first
    double[] x = axis(eigen, 0);
    double[] y = axis(eigen, 1);
    List<Point> points = new ArrayList<>();
    double shown = 0;
    double all = 0;
    for (Map.Entry<String, Item> entry : adapters.entrySet()) {
      int i = points.size();
      double square = x[i] * x[i] + y[i] * y[i];
      points.add(
          new Point(
              entry.getKey(), entry.getValue().group(), x[i], y[i], share(square, centered[i][i])));
      shown += square;
      all += centered[i][i];
    }
    return new AdapterMap(List.copyOf(points), share(shown, all));
  }

  /** Where nothing is to be shown, nothing is missing. */
  private static double share(double part, double whole) {
    return whole > 0 ? Math.min(1, part / whole) : 1;
  }

  /** Coordinates along an eigenvector, of which the largest is positive. */
  private static double[] axis(EigenDecomposition eigen, int index) {
    int count = eigen.getRealEigenvalues().length;
    if (index >= count) {
      return new double[count];
    }
    RealVector vector = eigen.getEigenvector(index);
    double sign = vector.getMaxValue() >= -vector.getMinValue() ? 1 : -1;
    // A rounding may make a little less than 0 of it.
    double length = Math.sqrt(Math.max(0, eigen.getRealEigenvalue(index)));
    return vector.mapMultiply(sign * length).toArray();
  }

  /**
   * The places.
   *
   * @return a point for each adapter
   */
  public List<Point> points() {
    return points;
  }

  /**
   * How much of the truth the plane shows.
   *
   * @return the share of the squared distances of all adapters from each other that it shows, from
   *     0 to 1
   */
  public double explained() {
    return explained;
  }

  /**
   * Writes the map; each file appears whole or not at all.
   *
   * @param picture a PNG file of 1100 times 800 pixels
   * @param csv a CSV file: name, group, x, y, which share of the point's squared distance from the
   *     mean is shown, and which share of all squared distances
   */
  public void write(Path picture, Path csv) {
    AdapterMapPlot.write(this, picture);
    List<String> lines = new ArrayList<>(List.of(CSV_HEADER));
    for (Point point : points) {
      lines.add(
          quoted(point.name())
              + ','
              + quoted(point.group())
              + String.format(
                  Locale.ROOT,
                  ",%.6g,%.6g,%.4f,%.4f",
                  point.x(),
                  point.y(),
                  point.explained(),
                  explained));
    }
    AtomicFiles.writeFile(csv, temporary -> Files.write(temporary, lines));
  }

  private static String quoted(String text) {
    return text.matches("[^\",\\r\\n]*") ? text : '"' + text.replace("\"", "\"\"") + '"';
  }
}
