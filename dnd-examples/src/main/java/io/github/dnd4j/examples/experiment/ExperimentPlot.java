package io.github.dnd4j.examples.experiment;

import io.github.dnd4j.examples.diagnosis.PngFile;
import io.github.dnd4j.examples.experiment.ReportRow.Role;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.knowm.xchart.CategoryChart;
import org.knowm.xchart.CategoryChartBuilder;
import org.knowm.xchart.style.Styler.LegendPosition;

/** Draws an experiment's accuracies as bars with intervals, a group for each held-out set. */
final class ExperimentPlot {

  private static final int HEIGHT = 560;
  private static final int WIDTH_OF_SET = 190;
  private static final int WIDTH_OF_REST = 320;

  private static final Map<Role, Color> COLORS =
      Map.of(
          Role.BARE, new Color(0x7f7f7f),
          Role.TRAINING_MEAN, new Color(0xaec7e8),
          Role.TRAINING_BEST, new Color(0x1f77b4),
          Role.MEAN_OF_WEIGHTS, new Color(0x17becf),
          Role.NEAREST, new Color(0x9467bd),
          Role.GENERATED, new Color(0xd62728),
          Role.MEAN_OF_DRAWS, new Color(0xff7f0e),
          Role.MIXED_PROMPTS, new Color(0xdbdb8d),
          Role.UNRELATED_PROMPTS, new Color(0xbcbd22),
          Role.OWN, new Color(0x2ca02c));

  private ExperimentPlot() {}

  /** Writes a PNG; it appears whole or not at all. */
  static void write(Map<String, List<ReportRow>> rows, Path file) {
    int width = WIDTH_OF_REST + Math.max(3, rows.size()) * WIDTH_OF_SET;
    CategoryChart chart =
        new CategoryChartBuilder()
            .width(width)
            .height(HEIGHT)
            .title(
                "accuracy@1 on held-out sets (marks: 95 % intervals, half their width to each"
                    + " side)")
            .yAxisTitle("accuracy@1")
            .build();
    chart.getStyler().setLegendPosition(LegendPosition.OutsideE);
    chart.getStyler().setChartBackgroundColor(Color.WHITE);
    chart.getStyler().setAvailableSpaceFill(0.85);
    chart.getStyler().setErrorBarsColor(Color.BLACK);
    chart.getStyler().setYAxisMin(0.0);
    for (Role role : Role.values()) {
      addBars(chart, role, rows);
    }
    BufferedImage image = new BufferedImage(width, HEIGHT, BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = image.createGraphics();
    chart.paint(graphics, width, HEIGHT);
    graphics.dispose();
    PngFile.write(image, file);
  }

  private static void addBars(CategoryChart chart, Role role, Map<String, List<ReportRow>> rows) {
    List<Double> values = new ArrayList<>();
    List<Double> halfIntervals = new ArrayList<>();
    for (List<ReportRow> ofSet : rows.values()) {
      Estimate accuracy = ReportRow.find(ofSet, role).score().accuracy();
      values.add(accuracy.value());
      halfIntervals.add((accuracy.high() - accuracy.low()) / 2);
    }
    chart
        .addSeries(role.shortTitle(), List.copyOf(rows.keySet()), values, halfIntervals)
        .setFillColor(COLORS.get(role));
  }
}
