package io.github.dnd4j.examples;

import io.github.dnd4j.FileAccessException;
import io.github.dnd4j.internal.AtomicFiles;
import io.github.dnd4j.training.TrainerListener;
import io.github.dnd4j.training.TrainingStep;
import io.github.dnd4j.training.Validation;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * The history of a training run as a CSV file, a line for each step, which grows as the run goes
 * and is cut back to the checkpoint that a resumed run starts from.
 */
final class TrainingHistory implements TrainerListener, AutoCloseable {

  private static final String HEADER =
      "step,loss,learning_rate,gradient_norm,generated_l2,real_l2,seconds,"
          + "validation_loss,validation_generated_l2";

  /** One step; validation values are NaN where the step was not validated. */
  record Row(
      int step,
      double loss,
      double learningRate,
      double gradientNorm,
      double generatedL2,
      double realL2,
      double seconds,
      double validationLoss,
      double validationGeneratedL2) {

    private static Row parse(String line) {
      String[] cells = line.split(",", -1);
      return new Row(
          Integer.parseInt(cells[0]),
          Double.parseDouble(cells[1]),
          Double.parseDouble(cells[2]),
          Double.parseDouble(cells[3]),
          Double.parseDouble(cells[4]),
          Double.parseDouble(cells[5]),
          Double.parseDouble(cells[6]),
          optional(cells[7]),
          optional(cells[8]));
    }

    private static double optional(String cell) {
      return cell.isEmpty() ? Double.NaN : Double.parseDouble(cell);
    }

    private static String optional(double value) {
      return Double.isNaN(value) ? "" : String.format(Locale.ROOT, "%.6g", value);
    }

    private String format() {
      return String.format(
          Locale.ROOT,
          "%d,%.6g,%.6g,%.6g,%.6g,%.6g,%.3f,%s,%s",
          step,
          loss,
          learningRate,
          gradientNorm,
          generatedL2,
          realL2,
          seconds,
          optional(validationLoss),
          optional(validationGeneratedL2));
    }

    private Row with(Validation validation) {
      return new Row(
          step,
          loss,
          learningRate,
          gradientNorm,
          generatedL2,
          realL2,
          seconds,
          validation.loss(),
          validation.generatedL2());
    }
  }

  private final Path file;
  private final List<Row> rows = new ArrayList<>();
  private PrintWriter writer;

  /** The last step, which is written when it is known whether it was validated. */
  private Row pending;

  TrainingHistory(Path file) {
    this.file = file;
  }

  @Override
  public void onStart(int step, int steps) {
    if (step > 0 && Files.exists(file)) {
      read(file).stream().filter(row -> row.step() <= step).forEach(rows::add);
    }
    AtomicFiles.writeFile(
        file, temporary -> Files.write(temporary, lines(), StandardCharsets.UTF_8));
    try {
      writer =
          new PrintWriter(
              Files.newBufferedWriter(file, StandardCharsets.UTF_8, StandardOpenOption.APPEND));
    } catch (IOException e) {
      throw new FileAccessException("cannot write " + file + ": " + e, e);
    }
  }

  private List<String> lines() {
    List<String> lines = new ArrayList<>(List.of(HEADER));
    rows.forEach(row -> lines.add(row.format()));
    return lines;
  }

  /** Reads a history; a line that a killed run has not finished is left out. */
  static List<Row> read(Path file) {
    try {
      List<Row> rows = new ArrayList<>();
      for (String line : Files.readAllLines(file)) {
        if (line.chars().filter(c -> c == ',').count() == 8 && !line.equals(HEADER)) {
          rows.add(Row.parse(line));
        }
      }
      return rows;
    } catch (IOException | NumberFormatException e) {
      throw new FileAccessException(file + " is no history of a training run: " + e, e);
    }
  }

  @Override
  public void onStep(TrainingStep step) {
    flush();
    pending =
        new Row(
            step.step(),
            step.loss(),
            step.learningRate(),
            step.gradientNorm(),
            step.generatedL2(),
            step.realL2(),
            step.duration().toNanos() / 1e9,
            Double.NaN,
            Double.NaN);
  }

  @Override
  public void onValidation(Validation validation) {
    pending = pending.with(validation);
  }

  @Override
  public void onCheckpoint(int step, Path directory) {
    flush();
  }

  private void flush() {
    if (pending != null) {
      rows.add(pending);
      writer.println(pending.format());
      writer.flush();
      pending = null;
    }
  }

  /** All steps so far. */
  List<Row> rows() {
    return rows;
  }

  @Override
  public void close() {
    if (writer != null) {
      flush();
      writer.close();
    }
  }
}
