package io.github.dnd4j.examples;

import io.github.dnd4j.examples.TrainingHistory.Row;
import io.github.dnd4j.examples.diagnosis.PngFile;
import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.nio.file.Path;
import java.util.DoubleSummaryStatistics;
import java.util.List;
import java.util.function.ToDoubleFunction;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.XYSeries;
import org.knowm.xchart.style.Styler.LegendPosition;
import org.knowm.xchart.style.markers.SeriesMarkers;

/** Draws the history of a training run: its losses, and the mean squares of generated tokens. */
final class HistoryPlot {

  private static final int WIDTH = 900;
  private static final int HEIGHT = 380;
  private static final Color TRAINING = new Color(0x1f77b4);
  private static final Color VALIDATION = new Color(0xd62728);
  private static final Color REAL = new Color(0x7f7f7f);

  private HistoryPlot() {}

  /**
   * Draws a picture for nobody, so that all classes are loaded: some of them register what is to be
   * done at the end of the process, which fails once that has begun, when Ctrl-C stops a run.
   */
  static void warmUp() {
    PngFile.bytes(
        draw(List.of(new Row(1, 1, 1, 1, 1, 1, 1, 1, 1), new Row(2, 1, 1, 1, 1, 1, 1, 1, 1))));
  }

  /** Writes a PNG; it appears whole or not at all. */
  static void write(List<Row> rows, Path file) {
    PngFile.write(draw(rows), file);
  }

  private static BufferedImage draw(List<Row> rows) {
    XYChart loss = chart("Loss", "weighted mean of squared errors");
    loss.getStyler().setYAxisLogarithmic(spansDecade(rows));
    line(loss, "training", rows, Row::loss, TRAINING);
    line(loss, "validation", rows, Row::validationLoss, VALIDATION);
    XYChart l2 = chart("Generated weight tokens", "mean square");
    line(l2, "generated", rows, Row::generatedL2, TRAINING);
    line(l2, "validation", rows, Row::validationGeneratedL2, VALIDATION);
    line(l2, "real checkpoints", rows, Row::realL2, REAL);
    BufferedImage image = new BufferedImage(WIDTH, 2 * HEIGHT, BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = image.createGraphics();
    loss.paint(graphics, WIDTH, HEIGHT);
    graphics.translate(0, HEIGHT);
    l2.paint(graphics, WIDTH, HEIGHT);
    graphics.dispose();
    return image;
  }

  /** Below a decade a logarithmic axis would have no labels. */
  private static boolean spansDecade(List<Row> rows) {
    DoubleSummaryStatistics losses = rows.stream().mapToDouble(Row::loss).summaryStatistics();
    return losses.getMin() > 0 && losses.getMax() > 10 * losses.getMin();
  }

  private static XYChart chart(String title, String yAxis) {
    XYChart chart =
        new XYChartBuilder()
            .width(WIDTH)
            .height(HEIGHT)
            .title(title)
            .xAxisTitle("step")
            .yAxisTitle(yAxis)
            .build();
    chart.getStyler().setLegendPosition(LegendPosition.OutsideE);
    chart.getStyler().setChartBackgroundColor(Color.WHITE);
    return chart;
  }

  private static void line(
      XYChart chart, String name, List<Row> rows, ToDoubleFunction<Row> value, Color color) {
    List<Row> present =
        rows.stream().filter(row -> Double.isFinite(value.applyAsDouble(row))).toList();
    if (present.isEmpty()) {
      return;
    }
    XYSeries series =
        chart.addSeries(
            name,
            present.stream().mapToDouble(Row::step).toArray(),
            present.stream().mapToDouble(value).toArray());
    series.setMarker(SeriesMarkers.NONE);
    series.setLineColor(color);
    series.setLineStyle(new BasicStroke(1.5f));
  }
}
