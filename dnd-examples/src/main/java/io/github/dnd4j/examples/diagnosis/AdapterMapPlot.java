package io.github.dnd4j.examples.diagnosis;

import io.github.dnd4j.examples.diagnosis.AdapterMap.Point;
import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.DoubleSummaryStatistics;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import org.knowm.xchart.AnnotationText;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.XYSeries.XYSeriesRenderStyle;
import org.knowm.xchart.style.Styler.LegendPosition;
import org.knowm.xchart.style.markers.Marker;
import org.knowm.xchart.style.markers.SeriesMarkers;

/** Draws a map of adapters, with the same scale in both directions. */
final class AdapterMapPlot {

  static final int WIDTH = 1100;
  static final int HEIGHT = 800;

  /** More names than this would hide each other. */
  private static final int MOST_NAMES = 30;

  private static final int MARKER_SIZE = 9;

  /** Space around the points, in relation to what they span. */
  private static final double MARGIN = 0.12;

  private static final Color[] COLORS = {
    new Color(0x1f77b4), new Color(0xd62728), new Color(0x2ca02c), new Color(0xff7f0e),
    new Color(0x9467bd), new Color(0x8c564b), new Color(0xe377c2), new Color(0x17becf),
    new Color(0xbcbd22), new Color(0x7f7f7f)
  };

  /** One more for every round through the colours. */
  private static final Marker[] MARKERS = {
    SeriesMarkers.CIRCLE, SeriesMarkers.DIAMOND, SeriesMarkers.SQUARE, SeriesMarkers.TRIANGLE_UP
  };

  private AdapterMapPlot() {}

  /** Writes a PNG; it appears whole or not at all. */
  static void write(AdapterMap map, Path file) {
    XYChart chart =
        new XYChartBuilder()
            .width(WIDTH)
            .height(HEIGHT)
            .title(
                String.format(
                    Locale.ROOT,
                    "Adapters by the distance of their dW (the plane shows %.0f %% of the squared"
                        + " distances)",
                    100 * map.explained()))
            .xAxisTitle("first axis")
            .yAxisTitle("second axis")
            .build();
    chart.getStyler().setDefaultSeriesRenderStyle(XYSeriesRenderStyle.Scatter);
    chart.getStyler().setLegendPosition(LegendPosition.OutsideE);
    chart.getStyler().setChartBackgroundColor(Color.WHITE);
    chart.getStyler().setMarkerSize(MARKER_SIZE);
    chart.getStyler().setAnnotationTextFont(new Font(Font.SANS_SERIF, Font.PLAIN, 11));
    addGroups(chart, map.points());
    setEqualScales(chart, map.points());
    PngFile.write(paint(chart), file);
  }

  private static void addGroups(XYChart chart, List<Point> points) {
    Map<String, List<Point>> groups = new LinkedHashMap<>();
    for (Point point : points) {
      groups.computeIfAbsent(point.group(), unused -> new ArrayList<>()).add(point);
    }
    int index = 0;
    for (Map.Entry<String, List<Point>> group : groups.entrySet()) {
      chart
          .addSeries(
              group.getKey(),
              group.getValue().stream().mapToDouble(Point::x).toArray(),
              group.getValue().stream().mapToDouble(Point::y).toArray())
          .setMarkerColor(COLORS[index % COLORS.length])
          .setMarker(MARKERS[index / COLORS.length % MARKERS.length]);
      index++;
    }
  }

  /** What a pixel stands for can be asked of a chart only once it is painted. */
  private static void setEqualScales(XYChart chart, List<Point> points) {
    double[] x = range(points, Point::x);
    double[] y = range(points, Point::y);
    // A point, or points of one line, have no extent of their own.
    double least = Math.max(Math.max(x[1], y[1]), 1e-9) * 1e-3;
    x[1] = Math.max(x[1], least);
    y[1] = Math.max(y[1], least);
    setRange(chart, x, y);
    paint(chart);
    double ofX = Math.abs(chart.getScreenXFromChart(x[0] + x[1]) - chart.getScreenXFromChart(x[0]));
    double ofY = Math.abs(chart.getScreenYFromChart(y[0] + y[1]) - chart.getScreenYFromChart(y[0]));
    double pixel = Math.max(x[1] / ofX, y[1] / ofY);
    x[1] = pixel * ofX;
    y[1] = pixel * ofY;
    setRange(chart, x, y);
    if (points.size() <= MOST_NAMES) {
      for (Point point : points) {
        double above = point.y() + 1.6 * MARKER_SIZE * pixel;
        chart.addAnnotation(new AnnotationText(point.name(), point.x(), above, false));
      }
    }
  }

  /** The middle, and how far it is from there to the ends. */
  private static double[] range(List<Point> points, ToDoubleFunction<Point> value) {
    DoubleSummaryStatistics values = points.stream().mapToDouble(value).summaryStatistics();
    double half = (values.getMax() - values.getMin()) / 2;
    return new double[] {values.getMin() + half, half * (1 + 2 * MARGIN)};
  }

  private static void setRange(XYChart chart, double[] x, double[] y) {
    chart.getStyler().setXAxisMin(x[0] - x[1]).setXAxisMax(x[0] + x[1]);
    chart.getStyler().setYAxisMin(y[0] - y[1]).setYAxisMax(y[0] + y[1]);
  }

  private static BufferedImage paint(XYChart chart) {
    BufferedImage image = new BufferedImage(WIDTH, HEIGHT, BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = image.createGraphics();
    chart.paint(graphics, WIDTH, HEIGHT);
    graphics.dispose();
    return image;
  }
}
