package io.github.dnd4j.examples.diagnosis;

import static io.github.dnd4j.examples.diagnosis.TextTable.decimals;
import static io.github.dnd4j.examples.diagnosis.TextTable.number;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.dnd4j.lora.AdapterDiagnosis;
import io.github.dnd4j.lora.LoraAdapter;
import io.github.dnd4j.lora.LoraConfig;
import io.github.dnd4j.lora.LoraModule;
import io.github.dnd4j.lora.MatrixDiagnosis;
import io.github.dnd4j.lora.ModuleDiagnosis;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.ToDoubleFunction;

/** What {@code dnd inspect} says of an adapter: for people, for machines, and as a picture. */
public final class AdapterReport {

  private static final int HEALTHY = 0;
  private static final int NOT_HEALTHY = 3;

  private final Path path;
  private final String description;
  private final LoraConfig config;
  private final long parameters;
  private final Map<String, String> metadata;
  private final AdapterDiagnosis diagnosis;
  private final Set<ModuleDiagnosis> exploding;
  private final ReferenceComparison references;
  private final List<String> verdict;

  private AdapterReport(Path path, LoraAdapter adapter, List<Path> referenceFolders) {
    this.path = path;
    description = adapter.toString();
    config = adapter.config();
    parameters = adapter.parameterCount();
    metadata = adapter.metadata();
    diagnosis = AdapterDiagnosis.of(adapter);
    exploding = new HashSet<>(diagnosis.explodingModules());
    references =
        referenceFolders.isEmpty() || !diagnosis.isHealthy()
            ? null
            : ReferenceComparison.of(path, adapter, referenceFolders);
    verdict = new ArrayList<>(Verdict.of(adapter, diagnosis));
    if (references != null) {
      verdict.addAll(references.sentences());
    } else if (!referenceFolders.isEmpty()) {
      verdict.add("It was not compared with the references, for it has no place among them.");
    }
  }

  /**
   * Examines an adapter.
   *
   * @param path what {@link LoraAdapter#load} takes
   * @param referenceFolders folders whose PEFT directories it is compared with; none for no
   *     comparison
   * @return the report
   * @throws io.github.dnd4j.DragAndDropException if the adapter cannot be read, or a folder holds
   *     no PEFT directory
   */
  public static AdapterReport of(Path path, List<Path> referenceFolders) {
    try (LoraAdapter adapter = LoraAdapter.load(path)) {
      return new AdapterReport(path, adapter, referenceFolders);
    }
  }

  /**
   * What the process is to say of it.
   *
   * @return 0 for an adapter that can be used, 3 for one that holds NaN or infinite numbers or does
   *     nothing at all
   */
  public int exitCode() {
    return diagnosis.isHealthy() ? HEALTHY : NOT_HEALTHY;
  }

  /**
   * Draws the norms of dW by layer and kind of module.
   *
   * @param file a PNG file
   */
  public void writePicture(Path file) {
    AdapterHeatMap.write(diagnosis, "|dW| of " + ReferenceComparison.name(path), file);
  }

  /**
   * Prints tables and the verdict.
   *
   * @param out where to
   * @param all whether every module has a line, not only every kind of module
   */
  public void print(PrintWriter out, boolean all) {
    out.println(path + ": " + description);
    out.printf(
        Locale.ROOT,
        "  task %s, alpha %s, %s%n",
        config.taskType(),
        config.alpha(),
        config.rankStabilized() ? "scale alpha/sqrt(r)" : "scale alpha/r");
    metadata.forEach((key, value) -> out.println("  " + key + " = " + value));
    out.println();
    printKinds(out);
    if (all) {
      out.println();
      printModules(out);
    }
    diagnosis
        .brokenMatrices()
        .forEach(
            matrix ->
                out.printf(
                    "  %s: %d of %d numbers are NaN, %d infinite%n",
                    matrix.name(), matrix.nans(), matrix.numbers(), matrix.infinities()));
    if (references != null) {
      references.print(out);
    }
    out.println();
    out.println("Verdict:");
    verdict.forEach(sentence -> out.println("  " + sentence));
  }

  /** Norms are of all modules of a kind together, the rest are medians over them. */
  private void printKinds(PrintWriter out) {
    TextTable table =
        new TextTable()
            .add(
                "kind of module",
                "count",
                "shape",
                "|A|",
                "|B|",
                "|dW|",
                "eff. rank",
                "stable rank",
                "largest",
                "");
    ModuleKinds.group(diagnosis.modules(), ModuleDiagnosis::module)
        .forEach((kind, modules) -> addRow(table, kind, modules));
    addRow(table, "all", diagnosis.modules());
    table.print(out);
  }

  private void addRow(TextTable table, String name, List<ModuleDiagnosis> modules) {
    List<String> shapes = modules.stream().map(m -> shape(m.module())).distinct().toList();
    table.add(
        name,
        Integer.toString(modules.size()),
        shapes.size() == 1 ? shapes.get(0) : "various",
        number(total(modules, module -> module.a().norm())),
        number(total(modules, module -> module.b().norm())),
        number(total(modules, ModuleDiagnosis::norm)),
        decimals(median(modules, ModuleDiagnosis::effectiveRank)),
        decimals(median(modules, ModuleDiagnosis::stableRank)),
        percent(median(modules, ModuleDiagnosis::largestShare)),
        remarks(modules));
  }

  private void printModules(PrintWriter out) {
    TextTable table =
        new TextTable()
            .add(
                "module",
                "rank",
                "scale",
                "|A|",
                "|B|",
                "|dW|",
                "eff. rank",
                "stable rank",
                "largest",
                "");
    for (ModuleDiagnosis module : diagnosis.modules()) {
      table.add(
          module.module().path(),
          Integer.toString(module.module().rank()),
          number(module.scale()),
          number(module.a().norm()),
          number(module.b().norm()),
          number(module.norm()),
          decimals(module.effectiveRank()),
          decimals(module.stableRank()),
          percent(module.largestShare()),
          remark(module));
    }
    table.print(out);
  }

  private static String shape(LoraModule module) {
    return module.in() + " -> " + module.out();
  }

  private static String percent(double share) {
    return Double.isNaN(share) ? "-" : String.format(Locale.ROOT, "%.0f %%", 100 * share);
  }

  private static double total(
      List<ModuleDiagnosis> modules, ToDoubleFunction<ModuleDiagnosis> value) {
    return Statistics.rootOfSquares(
        modules.stream().map(module -> value.applyAsDouble(module)).toList());
  }

  /** Of those that have a spectrum. */
  private static double median(
      List<ModuleDiagnosis> modules, ToDoubleFunction<ModuleDiagnosis> value) {
    return Statistics.median(
        modules.stream()
            .filter(module -> !module.isBroken() && !module.isZero())
            .map(value::applyAsDouble)
            .toList());
  }

  private String remarks(List<ModuleDiagnosis> modules) {
    List<String> remarks = new ArrayList<>();
    for (String state : List.of("broken", "zero", "exploding")) {
      long count = modules.stream().filter(module -> state(module).equals(state)).count();
      if (count > 0) {
        remarks.add(count + " " + state);
      }
    }
    return String.join(", ", remarks);
  }

  private String remark(ModuleDiagnosis module) {
    String state = state(module);
    if (!state.equals("zero")) {
      return state.equals("ok") ? "" : state;
    }
    return module.b().isZero() ? "zero: B is 0" : module.a().isZero() ? "zero: A is 0" : state;
  }

  private String state(ModuleDiagnosis module) {
    if (module.isBroken()) {
      return "broken";
    }
    return module.isZero() ? "zero" : exploding.contains(module) ? "exploding" : "ok";
  }

  /**
   * All that was found, as one JSON object. {@code docs/inspect.md} explains its fields; numbers
   * that are NaN or infinite are null.
   *
   * @return the document
   */
  public ObjectNode toJson() {
    ObjectNode json = Json.document();
    json.put("path", path.toString()).put("healthy", diagnosis.isHealthy());
    json.put("broken", diagnosis.isBroken()).put("doesNothing", diagnosis.doesNothing());
    Json.putTexts(json, "verdict", verdict);
    json.put("baseModel", config.baseModel()).put("taskType", config.taskType());
    json.put("rank", config.rank()).put("alpha", config.alpha());
    json.put("rankStabilized", config.rankStabilized()).put("parameters", parameters);
    Json.put(json, "norm", diagnosis.norm());
    ObjectNode entries = json.putObject("metadata");
    metadata.forEach(entries::put);
    ArrayNode kinds = json.putArray("kinds");
    ModuleKinds.group(diagnosis.modules(), ModuleDiagnosis::module)
        .forEach((kind, modules) -> putKind(kinds.addObject(), kind, modules));
    ArrayNode modules = json.putArray("modules");
    diagnosis.modules().forEach(module -> putModule(modules.addObject(), module));
    if (references != null) {
      json.set("references", references.toJson());
    }
    return json;
  }

  private void putKind(ObjectNode json, String kind, List<ModuleDiagnosis> modules) {
    json.put("kind", kind).put("modules", modules.size());
    Json.put(json, "normA", total(modules, module -> module.a().norm()));
    Json.put(json, "normB", total(modules, module -> module.b().norm()));
    Json.put(json, "norm", total(modules, ModuleDiagnosis::norm));
    Json.put(json, "effectiveRank", median(modules, ModuleDiagnosis::effectiveRank));
    Json.put(json, "stableRank", median(modules, ModuleDiagnosis::stableRank));
    Json.put(json, "largestShare", median(modules, ModuleDiagnosis::largestShare));
  }

  private void putModule(ObjectNode json, ModuleDiagnosis diagnosed) {
    LoraModule module = diagnosed.module();
    json.put("path", module.path()).put("state", state(diagnosed));
    module.layer().ifPresentOrElse(layer -> json.put("layer", layer), () -> json.putNull("layer"));
    json.put("in", module.in()).put("out", module.out()).put("rank", module.rank());
    json.put("scale", diagnosed.scale());
    putMatrix(json.putObject("a"), diagnosed.a());
    putMatrix(json.putObject("b"), diagnosed.b());
    Json.put(json, "norm", diagnosed.norm());
    Json.put(json, "rootMeanSquare", diagnosed.rootMeanSquare());
    Json.put(json, "effectiveRank", diagnosed.effectiveRank());
    Json.put(json, "stableRank", diagnosed.stableRank());
    Json.put(json, "largestShare", diagnosed.largestShare());
    Json.putNumbers(json, "singularValues", diagnosed.singularValues());
  }

  private static void putMatrix(ObjectNode json, MatrixDiagnosis matrix) {
    json.put("numbers", matrix.numbers());
    json.put("nans", matrix.nans()).put("infinities", matrix.infinities());
    Json.put(json, "norm", matrix.norm());
  }
}
