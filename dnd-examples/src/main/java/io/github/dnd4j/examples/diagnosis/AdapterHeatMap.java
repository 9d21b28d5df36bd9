package io.github.dnd4j.examples.diagnosis;

import io.github.dnd4j.lora.AdapterDiagnosis;
import io.github.dnd4j.lora.ModuleDiagnosis;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.DoubleSummaryStatistics;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import org.knowm.xchart.HeatMapChart;
import org.knowm.xchart.HeatMapChartBuilder;

/** Draws the norm of dW of every module: its layer to the right, its kind downwards. */
final class AdapterHeatMap {

  /** Beyond this many layers, numbers would not fit into the cells. */
  private static final int MOST_WITH_VALUES = 16;

  private static final int WIDTH_OF_REST = 420;
  private static final int WIDTH_OF_LAYER = 56;
  private static final int WIDTH_OF_NARROW_LAYER = 26;
  private static final int HEIGHT_OF_REST = 150;
  private static final int HEIGHT_OF_KIND = 44;
  private static final int SPACE_OF_LABEL = 20;
  private static final int LEAST_WIDTH = 760;
  private static final int LEAST_HEIGHT = 340;

  /** From pale to dark, but not too dark for black numbers. */
  private static final Color[] COLORS = {
    new Color(0xffffe5), new Color(0xfec44f), new Color(0xd95f0e)
  };

  private static final Color NOTHING = new Color(0xd9d9d9);

  private AdapterHeatMap() {}

  /** Writes a PNG; it appears whole or not at all. */
  static void write(AdapterDiagnosis diagnosis, String title, Path file) {
    Map<String, List<ModuleDiagnosis>> kinds =
        ModuleKinds.group(diagnosis.modules(), ModuleDiagnosis::module);
    List<String> layers =
        diagnosis.modules().stream().map(AdapterHeatMap::layer).distinct().toList();
    boolean values = layers.size() <= MOST_WITH_VALUES;
    int width =
        Math.max(
            LEAST_WIDTH,
            WIDTH_OF_REST + layers.size() * (values ? WIDTH_OF_LAYER : WIDTH_OF_NARROW_LAYER));
    int height = Math.max(LEAST_HEIGHT, HEIGHT_OF_REST + kinds.size() * HEIGHT_OF_KIND);
    HeatMapChart chart =
        new HeatMapChartBuilder().width(width).height(height).xAxisTitle("layer").build();
    chart.getStyler().setShowValue(values);
    chart.getStyler().setChartBackgroundColor(Color.WHITE);
    chart.getStyler().setPlotBackgroundColor(NOTHING);
    chart.getStyler().setPlotContentSize(1);
    // Of names, the hint of one axis is taken for both.
    chart.getStyler().setXAxisTickMarkSpacingHint(SPACE_OF_LABEL);
    chart.getStyler().setRangeColors(COLORS);
    addCells(chart, title, kinds, layers);
    BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = image.createGraphics();
    chart.paint(graphics, width, height);
    graphics.dispose();
    PngFile.write(image, file);
  }

  private static String layer(ModuleDiagnosis module) {
    OptionalInt layer = module.module().layer();
    return layer.isPresent() ? Integer.toString(layer.getAsInt()) : "none";
  }

  private static void addCells(
      HeatMapChart chart,
      String title,
      Map<String, List<ModuleDiagnosis>> kinds,
      List<String> layers) {
    List<String> names = new ArrayList<>(kinds.keySet());
    // Charts count from below.
    Collections.reverse(names);
    Map<List<Integer>, Double> norms = new LinkedHashMap<>();
    for (int row = 0; row < names.size(); row++) {
      for (ModuleDiagnosis module : kinds.get(names.get(row))) {
        // Experts of one layer share a cell.
        norms.merge(List.of(layers.indexOf(layer(module)), row), module.norm(), Math::hypot);
      }
    }
    norms.values().removeIf(norm -> !(norm > 0));
    DoubleSummaryStatistics range =
        norms.values().stream().mapToDouble(norm -> norm).summaryStatistics();
    boolean logarithmic = range.getMax() > 10 * range.getMin();
    List<Number[]> cells = new ArrayList<>();
    norms.forEach(
        (cell, norm) ->
            cells.add(
                new Number[] {cell.get(0), cell.get(1), logarithmic ? Math.log10(norm) : norm}));
    // Where there is nothing to draw, the chart wants a place at least.
    cells.add(null);
    chart.setTitle(
        title + (logarithmic ? ", as decimal logarithm" : "") + " (grey: no change, or broken)");
    chart.addSeries("|dW|", layers, names, cells);
    scale(chart, norms.isEmpty() ? new double[] {0, 1} : bounds(range, logarithmic));
  }

  private static double[] bounds(DoubleSummaryStatistics range, boolean logarithmic) {
    return logarithmic
        ? new double[] {Math.log10(range.getMin()), Math.log10(range.getMax())}
        : new double[] {range.getMin(), range.getMax()};
  }

  /** Three digits of the largest number, in the legend and in the cells. */
  private static void scale(HeatMapChart chart, double[] bounds) {
    double largest = Math.max(Math.abs(bounds[0]), Math.abs(bounds[1]));
    int decimals = Math.max(0, 2 - (int) Math.floor(Math.log10(Math.max(largest, 1e-12))));
    double unit = Math.pow(10, decimals);
    chart.getStyler().setMin(Math.floor(bounds[0] * unit) / unit);
    chart.getStyler().setMax(Math.ceil(bounds[1] * unit) / unit);
    chart
        .getStyler()
        .setHeatMapValueDecimalPattern(decimals == 0 ? "0" : "0." + "0".repeat(decimals));
  }
}
