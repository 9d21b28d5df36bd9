package io.github.dnd4j.examples.bench;

import io.github.dnd4j.examples.diagnosis.PngFile;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.knowm.xchart.CategoryChart;
import org.knowm.xchart.CategoryChartBuilder;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.style.Styler.LegendPosition;

/** Draws the seconds of the decoder's stages as bars, and those of batches as lines below. */
final class BenchPlot {

  private static final int WIDTH = 1100;
  private static final int HEIGHT = 460;

  private static final Color[] COLORS = {
    new Color(0x1f77b4), new Color(0xd62728), new Color(0x2ca02c), new Color(0x7f7f7f)
  };

  private BenchPlot() {}

  /**
   * Writes a PNG; it appears whole or not at all.
   *
   * @param decoder the decoder's name
   * @param stages the names of its stages
   * @param staged who decoded a single condition, with as many stages; at least one
   * @param batches who decoded how many conditions; empty for no second chart
   * @param file the file
   */
  static void write(
      String decoder,
      List<String> stages,
      List<Measurement> staged,
      List<Measurement> batches,
      Path file) {
    List<String> names = names(staged, batches);
    int height = batches.isEmpty() ? HEIGHT : 2 * HEIGHT;
    BufferedImage image = new BufferedImage(WIDTH, height, BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = image.createGraphics();
    stages(decoder, stages, staged, names).paint(graphics, WIDTH, HEIGHT);
    if (!batches.isEmpty()) {
      graphics.translate(0, HEIGHT);
      batches(batches, names).paint(graphics, WIDTH, HEIGHT);
    }
    graphics.dispose();
    PngFile.write(image, file);
  }

  /** Who there is: everybody has the same colour in both charts. */
  private static List<String> names(List<Measurement> staged, List<Measurement> batches) {
    List<Measurement> all = new ArrayList<>(staged);
    all.addAll(batches);
    return all.stream().map(Measurement::by).distinct().toList();
  }

  private static Color color(List<String> names, String name) {
    return COLORS[names.indexOf(name) % COLORS.length];
  }

  private static CategoryChart stages(
      String decoder, List<String> stages, List<Measurement> staged, List<String> names) {
    CategoryChart chart =
        new CategoryChartBuilder()
            .width(WIDTH)
            .height(HEIGHT)
            .title("Stages of the decoder " + decoder + ", one condition")
            .yAxisTitle("seconds")
            .build();
    chart.getStyler().setLegendPosition(LegendPosition.OutsideE);
    chart.getStyler().setChartBackgroundColor(Color.WHITE);
    chart.getStyler().setAvailableSpaceFill(0.8);
    chart.getStyler().setXAxisLabelRotation(20);
    chart.getStyler().setYAxisMin(0.0);
    for (Measurement measurement : staged) {
      chart
          .addSeries(measurement.by(), stages, measurement.stageSeconds())
          .setFillColor(color(names, measurement.by()));
    }
    return chart;
  }

  private static XYChart batches(List<Measurement> batches, List<String> names) {
    XYChart chart =
        new XYChartBuilder()
            .width(WIDTH)
            .height(HEIGHT)
            .title("Decoding several conditions at once")
            .xAxisTitle("conditions")
            .yAxisTitle("seconds for all")
            .build();
    chart.getStyler().setLegendPosition(LegendPosition.OutsideE);
    chart.getStyler().setChartBackgroundColor(Color.WHITE);
    chart.getStyler().setXAxisMin(0.0);
    chart.getStyler().setYAxisMin(0.0);
    Map<String, List<Measurement>> lines = new LinkedHashMap<>();
    for (Measurement measurement : batches) {
      lines.computeIfAbsent(measurement.by(), unused -> new ArrayList<>()).add(measurement);
    }
    lines.forEach(
        (name, of) -> {
          var series =
              chart.addSeries(
                  name,
                  of.stream().mapToDouble(Measurement::size).toArray(),
                  of.stream().mapToDouble(Measurement::seconds).toArray());
          series.setLineColor(color(names, name));
          series.setMarkerColor(color(names, name));
        });
    return chart;
  }
}
