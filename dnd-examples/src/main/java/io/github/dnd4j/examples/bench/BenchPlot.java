package io.github.dnd4j.examples.bench;

import io.github.dnd4j.InvalidInputException;
import io.github.dnd4j.examples.diagnosis.PngFile;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.knowm.xchart.CategoryChart;
import org.knowm.xchart.CategoryChartBuilder;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.internal.chartpart.Chart;
import org.knowm.xchart.style.Styler.LegendPosition;

/** Charts one below the other: the decoder's stages as bars, and times against sizes as lines. */
final class BenchPlot {

  private static final int WIDTH = 1100;
  private static final int HEIGHT = 460;

  private static final Color[] COLORS = {
    new Color(0x1f77b4),
    new Color(0xd62728),
    new Color(0x2ca02c),
    new Color(0x7f7f7f),
    new Color(0x9467bd)
  };

  private static final Set<Part> DRAWN =
      EnumSet.of(Part.DECODING, Part.ENCODING, Part.ENCODING_FULL);

  private final List<Measurement> measurements;
  private final List<String> names;
  private final List<Chart<?, ?>> charts = new ArrayList<>();

  /** An empty picture of measurements; everybody has the same colour in all charts. */
  BenchPlot(List<Measurement> measurements) {
    this.measurements = measurements.stream().filter(Measurement::measured).toList();
    this.names =
        this.measurements.stream()
            .filter(m -> DRAWN.contains(m.part()))
            .sorted((a, b) -> b.part().compareTo(a.part())) // those of the bars come first
            .map(Measurement::by)
            .distinct()
            .toList();
  }

  private Color color(String name) {
    return COLORS[names.indexOf(name) % COLORS.length];
  }

  /**
   * Adds bars.
   *
   * @param decoder the decoder's name
   * @param stages the names of its stages
   * @param staged who decoded a single condition, with as many stages; at least one
   */
  void addStages(String decoder, List<String> stages, List<Measurement> staged) {
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
          .setFillColor(color(measurement.by()));
    }
    charts.add(chart);
  }

  /**
   * Adds lines, if anybody did a part in several sizes.
   *
   * @param title of the chart
   * @param part what was done
   * @param each whether to draw the seconds for one of many, or for all
   */
  void addSizes(String title, Part part, boolean each) {
    Map<String, List<Measurement>> lines = new LinkedHashMap<>();
    measurements.stream()
        .filter(m -> m.part() == part)
        .forEach(m -> lines.computeIfAbsent(m.by(), unused -> new ArrayList<>()).add(m));
    if (lines.values().stream().allMatch(line -> line.size() == 1)) {
      return;
    }
    XYChart chart =
        new XYChartBuilder()
            .width(WIDTH)
            .height(HEIGHT)
            .title(title)
            .xAxisTitle(part.unit() + "s")
            .yAxisTitle(each ? "seconds for each" : "seconds for all")
            .build();
    chart.getStyler().setLegendPosition(LegendPosition.OutsideE);
    chart.getStyler().setChartBackgroundColor(Color.WHITE);
    chart.getStyler().setXAxisMin(0.0);
    chart.getStyler().setYAxisMin(0.0);
    lines.forEach((name, line) -> addLine(chart, name, line, each));
    charts.add(chart);
  }

  private void addLine(XYChart chart, String name, List<Measurement> line, boolean each) {
    var series =
        chart.addSeries(
            name,
            line.stream().mapToDouble(Measurement::size).toArray(),
            line.stream().mapToDouble(m -> m.seconds() / (each ? m.size() : 1)).toArray());
    series.setLineColor(color(name));
    series.setMarkerColor(color(name));
  }

  /**
   * Writes a PNG; it appears whole or not at all.
   *
   * @throws InvalidInputException if there is no chart
   */
  void write(Path file) {
    if (charts.isEmpty()) {
      throw new InvalidInputException(
          "there is nothing to draw: measure the decoder, or the encoder with several numbers of"
              + " prompts or of full texts");
    }
    BufferedImage image =
        new BufferedImage(WIDTH, charts.size() * HEIGHT, BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = image.createGraphics();
    for (Chart<?, ?> chart : charts) {
      chart.paint(graphics, WIDTH, HEIGHT);
      graphics.translate(0, HEIGHT);
    }
    graphics.dispose();
    PngFile.write(image, file);
  }
}
