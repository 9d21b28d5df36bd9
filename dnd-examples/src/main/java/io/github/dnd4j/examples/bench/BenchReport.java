package io.github.dnd4j.examples.bench;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.dnd4j.decoder.FeatureShape;
import io.github.dnd4j.decoder.HyperConvConfig;
import io.github.dnd4j.examples.diagnosis.TextTable;
import io.github.dnd4j.internal.AtomicFiles;
import io.github.dnd4j.internal.LibraryVersion;
import io.github.dnd4j.spi.ConditionShape;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** What a benchmark came to: tables for people, JSON for other programs, and a picture. */
public final class BenchReport {

  private static final double GIB = 1 << 30;
  private static final String NONE = "-";

  private final BenchPlan plan;
  private final Machine machine;
  private final List<Measurement> measurements;
  private final Rates rates;
  private final long adapterBytes;
  private final boolean peakIsOfPart;
  private final Instant measured = Instant.now();

  /** Puts what belongs together side by side, and leaves the order else as it is. */
  BenchReport(
      BenchPlan plan,
      Machine machine,
      List<Measurement> measurements,
      Rates rates,
      long adapterBytes,
      boolean peakIsOfPart) {
    this.plan = plan;
    this.machine = machine;
    this.measurements =
        measurements.stream()
            .sorted(Comparator.comparing(Measurement::part).thenComparing(Measurement::size))
            .toList();
    this.rates = rates;
    this.adapterBytes = adapterBytes;
    this.peakIsOfPart = peakIsOfPart;
  }

  /**
   * Prints what was measured.
   *
   * @param out where to
   */
  public void print(PrintWriter out) {
    printIntroduction(out);
    out.println();
    printParts(out);
    rates.peerBlas().ifPresent(blas -> printBlas(out, blas));
    List<Measurement> staged = staged();
    if (!staged.isEmpty()) {
      out.println();
      out.println("Stages of the decoder, one condition, seconds:");
      printStages(out, staged);
    }
    rates
        .bounds()
        .filter(bounds -> !bounds.all().isEmpty())
        .ifPresent(bounds -> printBounds(out, bounds));
  }

  /** So that nobody takes a slow library under PyTorch for PyTorch. */
  private void printBlas(PrintWriter out, PeerBlas blas) {
    out.println(blas + ", by " + TextTable.count(machine.threads(), "thread") + ".");
    if (rates.bounds().filter(bounds -> blas.isSlowBeside(bounds.peak())).isPresent()) {
      out.println(
          "That is a slow BLAS: with a faster one PyTorch takes less time than it did here, except"
              + " for convolutions.");
    }
  }

  private static void printBounds(PrintWriter out, Bounds bounds) {
    MachinePeak peak = bounds.peak();
    out.println();
    out.printf(
        Locale.ROOT,
        "Where the time goes: the bound is operations / %.0f GFLOP/s (a product of matrices here)"
            + " + weights / %.1f GB/s (copying memory here).%n",
        peak.operationsPerSecond() / 1e9,
        peak.bytesPerSecond() / 1e9);
    TextTable table = new TextTable();
    table.add("work", "by", "GFLOP", "weights MB", "bound s", "s", "s / bound", "");
    for (Bound bound : bounds.all()) {
      table.add(
          bound.work(),
          bound.by(),
          TextTable.number(bound.operations() / 1e9),
          TextTable.number(bound.weightBytes() / 1e6),
          TextTable.number(bound.boundSeconds(peak)),
          TextTable.number(bound.seconds()),
          TextTable.decimals(bound.ratio(peak)),
          bound.method());
    }
    table.print(out);
  }

  private void printIntroduction(PrintWriter out) {
    HyperConvConfig config = plan.decoder().config();
    ConditionShape shape = config.conditionShape();
    out.printf(
        Locale.ROOT,
        "DnD4J %s: %s, %s, %s, %s%n",
        LibraryVersion.VERSION,
        machine.processor(),
        TextTable.count(machine.cores(), "core"),
        machine.system(),
        machine.java());
    out.printf(
        Locale.ROOT,
        "Decoder %s: %s M weights, %d prompts of %d tokens to an adapter of %s%s%n",
        plan.decoder().name(),
        TextTable.number(config.parameterCount() / 1e6),
        shape.prompts(),
        shape.textLength(),
        plan.decoder().target().config().baseModel(),
        adapterBytes == 0 ? "" : ", " + adapterBytes + " bytes");
    plan.training().ifPresent(training -> out.println("Training: " + training.name()));
    out.println(
        "All decoders have random weights (seed "
            + BenchPlan.SEED
            + "): times are real, the adapter is no use.");
    out.println(
        "cold: the first run; s: "
            + (plan.repeats() == 0 ? "the same" : "the median of the runs after it")
            + "; speed: times as fast as the first line of the same work"
            + (peakIsOfPart ? "." : "; peak memory is that of all until then."));
  }

  private void printParts(PrintWriter out) {
    TextTable table = new TextTable();
    table.add("work", "by", "cold s", "s", "s each", "speed", "peak GiB", "");
    for (Measurement measurement : measurements) {
      table.add(cells(measurement));
    }
    table.print(out);
  }

  private String[] cells(Measurement measurement) {
    boolean there = measurement.measured();
    return new String[] {
      measurement.part().title(measurement.size()),
      measurement.by(),
      there ? TextTable.number(measurement.cold().seconds()) : NONE,
      there ? TextTable.number(measurement.seconds()) : NONE,
      there ? TextTable.number(measurement.seconds() / measurement.size()) : NONE,
      there ? TextTable.decimals(speed(measurement)) : NONE,
      measurement.peakBytes().isPresent()
          ? TextTable.decimals(measurement.peakBytes().getAsLong() / GIB)
          : NONE,
      measurement.note()
    };
  }

  /** Times as fast as the first that did the same work. */
  private double speed(Measurement measurement) {
    return measurements.stream()
            .filter(Measurement::measured)
            .filter(other -> other.part() == measurement.part())
            .filter(other -> other.size() == measurement.size())
            .findFirst()
            .orElse(measurement)
            .seconds()
        / measurement.seconds();
  }

  /** Those who decoded a single condition, stage by stage. */
  private List<Measurement> staged() {
    return measurements.stream()
        .filter(m -> m.part() == Part.DECODING && m.size() == 1 && m.measured())
        .filter(m -> m.stageSeconds().size() == stages().size())
        .toList();
  }

  private List<String> stages() {
    return plan.decoder().stages();
  }

  /** The ratios are those of the first one's seconds to the others'. */
  private void printStages(PrintWriter out, List<Measurement> staged) {
    Measurement first = staged.get(0);
    List<Measurement> others = staged.subList(1, staged.size());
    TextTable table = new TextTable();
    List<String> header = new ArrayList<>(List.of(""));
    staged.forEach(measurement -> header.add(measurement.by()));
    others.forEach(measurement -> header.add("speed"));
    header.add("share of " + first.by());
    table.add(header.toArray(String[]::new));
    List<String> names = stages();
    for (int stage = 0; stage < names.size(); stage++) {
      double seconds = first.stageSeconds().get(stage);
      List<String> row = new ArrayList<>(List.of(names.get(stage)));
      for (Measurement measurement : staged) {
        row.add(TextTable.number(measurement.stageSeconds().get(stage)));
      }
      for (Measurement other : others) {
        row.add(TextTable.decimals(seconds / other.stageSeconds().get(stage)));
      }
      row.add(String.format(Locale.ROOT, "%.0f %%", 100 * seconds / first.seconds()));
      table.add(row.toArray(String[]::new));
    }
    table.print(out);
  }

  /**
   * Writes what was measured as one JSON object; it appears whole or not at all.
   *
   * @param file the file, which is replaced if it is there
   */
  public void writeJson(Path file) {
    String json = toJson().toPrettyString() + "\n";
    AtomicFiles.writeFile(file, temporary -> Files.writeString(temporary, json));
  }

  private ObjectNode toJson() {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("version", LibraryVersion.VERSION).put("measured", measured.toString());
    json.putObject("machine")
        .put("processor", machine.processor())
        .put("cores", machine.cores())
        .put("threadsOfPeers", machine.threads())
        .put("system", machine.system())
        .put("java", machine.java())
        .put("allocator", machine.allocator());
    putStructure(json.putObject("decoder"), plan.decoder());
    Optional<BenchStructure> training = plan.training();
    if (training.isPresent()) {
      putStructure(json.putObject("training"), training.get());
    }
    rates.peerBlas().ifPresent(blas -> putBlas(json.putObject("pytorchBlas"), blas));
    rates.bounds().ifPresent(bounds -> putBounds(json, bounds));
    json.put("weights", "random").put("seed", BenchPlan.SEED).put("repeats", plan.repeats());
    json.put("adapterBytes", adapterBytes).put("peakIsOfPart", peakIsOfPart);
    ArrayNode array = json.putArray("measurements");
    measurements.forEach(measurement -> putMeasurement(array.addObject(), measurement));
    return json;
  }

  private static void putStructure(ObjectNode json, BenchStructure structure) {
    HyperConvConfig config = structure.config();
    ConditionShape shape = config.conditionShape();
    json.put("name", structure.name())
        .put("features", FeatureShape.formatAll(config.features()))
        .put("kernel", config.kernel())
        .put("squeeze", config.squeeze().map(Object::toString).orElse(null))
        .put("parameters", config.parameterCount())
        .put("prompts", shape.prompts())
        .put("textLength", shape.textLength())
        .put("target", structure.target().name())
        .put("baseModel", structure.target().config().baseModel());
  }

  private static void putBlas(ObjectNode json, PeerBlas blas) {
    json.put("version", blas.version())
        .put("libraries", blas.library())
        .put("configuration", blas.configuration())
        .put("operationsPerSecond", blas.operationsPerSecond());
  }

  private static void putBounds(ObjectNode json, Bounds bounds) {
    MachinePeak peak = bounds.peak();
    json.putObject("peak")
        .put("operationsPerSecond", peak.operationsPerSecond())
        .put("bytesPerSecond", peak.bytesPerSecond());
    ArrayNode array = json.putArray("bounds");
    for (Bound bound : bounds.all()) {
      array
          .addObject()
          .put("work", bound.work())
          .put("by", bound.by())
          .put("method", bound.method())
          .put("operations", bound.operations())
          .put("weightBytes", bound.weightBytes())
          .put("boundSeconds", bound.boundSeconds(peak))
          .put("seconds", bound.seconds())
          .put("ratio", bound.ratio(peak));
    }
  }

  private void putMeasurement(ObjectNode json, Measurement measurement) {
    json.put("part", measurement.part().id())
        .put("by", measurement.by())
        .put("size", measurement.size())
        .put("unit", measurement.part().unit())
        .put("measured", measurement.measured());
    if (measurement.measured()) {
      json.put("coldSeconds", measurement.cold().seconds())
          .put("seconds", measurement.seconds())
          .put("secondsEach", measurement.seconds() / measurement.size())
          .put("speed", speed(measurement));
      putNumbers(
          json.putArray("warmSeconds"), measurement.warm().stream().map(Run::seconds).toList());
      putNumbers(json.putArray("stageSeconds"), measurement.stageSeconds());
      putNumbers(json.putArray("coldStageSeconds"), measurement.cold().stageSeconds());
    }
    measurement.peakBytes().ifPresent(bytes -> json.put("peakResidentBytes", bytes));
    json.put("note", measurement.note());
  }

  private static void putNumbers(ArrayNode array, List<Double> numbers) {
    numbers.forEach(array::add);
  }

  /**
   * Draws the stages of the decoder and, if there were several batch sizes or numbers of prompts or
   * full texts, how long those took.
   *
   * @param file a PNG file, which is replaced if it is there
   */
  public void writePicture(Path file) {
    BenchPlot plot = new BenchPlot(measurements);
    if (!staged().isEmpty()) {
      plot.addStages(plan.decoder().name(), stages(), staged());
    }
    plot.addSizes("Decoding several conditions at once", Part.DECODING, true);
    plot.addSizes("Encoding prompts", Part.ENCODING, false);
    plot.addSizes("Encoding texts that fill all tokens", Part.ENCODING_FULL, false);
    plot.write(file);
  }
}
