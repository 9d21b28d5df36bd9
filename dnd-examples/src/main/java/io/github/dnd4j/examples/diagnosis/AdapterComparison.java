package io.github.dnd4j.examples.diagnosis;

import static io.github.dnd4j.examples.diagnosis.TextTable.decimals;
import static io.github.dnd4j.examples.diagnosis.TextTable.number;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.dnd4j.InvalidInputException;
import io.github.dnd4j.lora.AdapterDiagnosis;
import io.github.dnd4j.lora.LoraAdapter;
import io.github.dnd4j.lora.LoraGeometry;
import io.github.dnd4j.lora.LoraModule;
import io.github.dnd4j.lora.LoraWeights;
import io.github.dnd4j.lora.MatrixDiagnosis;
import io.github.dnd4j.lora.ModuleDiagnosis;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What {@code dnd compare} says of two adapters: over the modules that both change. */
public final class AdapterComparison {

  private final Path firstPath;
  private final Path secondPath;
  private final ModuleMatch match;
  private final List<Pair> pairs;
  private final Measure total;

  /** One module of both. */
  private record Pair(LoraModule module, Measure measure) {}

  private AdapterComparison(
      Path firstPath, LoraAdapter first, Path secondPath, LoraAdapter second) {
    this.firstPath = firstPath;
    this.secondPath = secondPath;
    AdapterDiagnosis ofFirst = whole(firstPath, first);
    AdapterDiagnosis ofSecond = whole(secondPath, second);
    match = ModuleMatch.of(first, second);
    if (match.common().isEmpty()) {
      throw new InvalidInputException(
          firstPath
              + " and "
              + secondPath
              + " have no module in common, so there is nothing to compare: "
              + match.differences("the first", "the second"));
    }
    pairs = pairs(ofFirst, ofSecond, common(first), common(second));
    total = Measure.sum(pairs.stream().map(Pair::measure).toList());
  }

  /**
   * Compares two adapters, whose ranks and alphas may differ.
   *
   * @param first what {@link LoraAdapter#load} takes
   * @param second likewise
   * @return the comparison
   * @throws io.github.dnd4j.DragAndDropException if one cannot be read or holds NaN or infinite
   *     numbers, or they have no module in common
   */
  public static AdapterComparison of(Path first, Path second) {
    try (LoraAdapter ofFirst = LoraAdapter.load(first);
        LoraAdapter ofSecond = LoraAdapter.load(second)) {
      return new AdapterComparison(first, ofFirst, second, ofSecond);
    }
  }

  private static AdapterDiagnosis whole(Path path, LoraAdapter adapter) {
    AdapterDiagnosis diagnosis = AdapterDiagnosis.of(adapter);
    if (diagnosis.isBroken()) {
      throw new InvalidInputException(
          path
              + " holds NaN or infinite numbers, so it cannot be compared: "
              + TextTable.names(
                  diagnosis.brokenMatrices().stream().map(MatrixDiagnosis::name).toList()));
    }
    return diagnosis;
  }

  /** A view of the adapter without the modules that the other does not have; never closed. */
  private LoraAdapter common(LoraAdapter adapter) {
    Map<String, LoraWeights> weights = new LinkedHashMap<>();
    match.common().forEach(path -> weights.put(path, adapter.weights(path)));
    return new LoraAdapter(adapter.config(), weights, Map.of());
  }

  private static List<Pair> pairs(
      AdapterDiagnosis ofFirst, AdapterDiagnosis ofSecond, LoraAdapter first, LoraAdapter second) {
    Map<String, Double> products = LoraGeometry.moduleInnerProducts(first, second);
    Map<String, Double> distances = LoraGeometry.moduleDistances(first, second);
    Map<String, ModuleDiagnosis> secondModules = new HashMap<>();
    ofSecond.modules().forEach(module -> secondModules.put(module.module().path(), module));
    List<Pair> pairs = new ArrayList<>();
    for (ModuleDiagnosis module : ofFirst.modules()) {
      String path = module.module().path();
      if (products.containsKey(path)) {
        Measure measure =
            new Measure(
                norm(module),
                norm(secondModules.get(path)),
                products.get(path),
                distances.get(path));
        pairs.add(new Pair(module.module(), measure));
      }
    }
    return pairs;
  }

  /** Without what rounding leaves of nothing. */
  private static double norm(ModuleDiagnosis module) {
    return module.isZero() ? 0 : module.norm();
  }

  /**
   * Prints a table and the verdict.
   *
   * @param out where to
   * @param all whether every module has a line, not only every kind of module
   */
  public void print(PrintWriter out, boolean all) {
    out.println("  first:  " + firstPath);
    out.println("  second: " + secondPath);
    out.println();
    TextTable table =
        new TextTable()
            .add(
                all ? "module" : "kind of module",
                "count",
                "|first|",
                "|second|",
                "ratio",
                "cosine",
                "distance",
                "");
    if (all) {
      pairs.forEach(pair -> addRow(table, pair.module().path(), List.of(pair)));
    } else {
      ModuleKinds.group(pairs, Pair::module).forEach((kind, group) -> addRow(table, kind, group));
    }
    addRow(table, "all", pairs);
    table.print(out);
    out.println();
    out.println("Verdict:");
    verdict().forEach(sentence -> out.println("  " + sentence));
  }

  private static void addRow(TextTable table, String name, List<Pair> group) {
    Measure measure = Measure.sum(group.stream().map(Pair::measure).toList());
    table.add(
        name,
        Integer.toString(group.size()),
        number(measure.firstNorm()),
        number(measure.secondNorm()),
        number(measure.ratio()),
        decimals(measure.cosine()),
        number(measure.distance()),
        Relation.of(measure).words());
  }

  private List<String> verdict() {
    List<String> sentences = new ArrayList<>(List.of(Relation.of(total).sentence(total)));
    if (!match.isComplete()) {
      sentences.add(
          "That is over the "
              + TextTable.count(match.common().size(), "module")
              + " that both change; left out: "
              + match.differences("the first", "the second")
              + ".");
    }
    return sentences;
  }

  /**
   * All that was found, as one JSON object. {@code docs/inspect.md} explains its fields; numbers
   * that do not exist are null.
   *
   * @return the document
   */
  public ObjectNode toJson() {
    ObjectNode json = Json.document();
    json.put("first", firstPath.toString()).put("second", secondPath.toString());
    Json.putTexts(json, "verdict", verdict());
    put(json.putObject("total"), total);
    ObjectNode unmatched = json.putObject("unmatched");
    Json.putTexts(unmatched, "onlyFirst", match.onlyFirst());
    Json.putTexts(unmatched, "onlySecond", match.onlySecond());
    Json.putTexts(unmatched, "otherShape", match.otherShape());
    ArrayNode kinds = json.putArray("kinds");
    ModuleKinds.group(pairs, Pair::module)
        .forEach(
            (kind, group) ->
                put(
                    kinds.addObject().put("kind", kind).put("modules", group.size()),
                    Measure.sum(group.stream().map(Pair::measure).toList())));
    ArrayNode modules = json.putArray("modules");
    pairs.forEach(
        pair -> put(modules.addObject().put("path", pair.module().path()), pair.measure()));
    return json;
  }

  private static void put(ObjectNode json, Measure measure) {
    json.put("relation", Relation.of(measure).code());
    Json.put(json, "cosine", measure.cosine());
    Json.put(json, "distance", measure.distance());
    Json.put(json, "ratio", measure.ratio());
    Json.put(json, "firstNorm", measure.firstNorm());
    Json.put(json, "secondNorm", measure.secondNorm());
  }
}
