package io.github.dnd4j.io;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.dnd4j.InvalidInputException;
import io.github.dnd4j.TrainingPrompts;
import io.github.dnd4j.TrainingPrompts.TrainingSet;
import io.github.dnd4j.internal.AtomicFiles;
import io.github.dnd4j.internal.Checks;
import io.github.dnd4j.lora.LoraConfig;
import io.github.dnd4j.lora.LoraModule;
import io.github.dnd4j.lora.LoraTarget;
import io.github.dnd4j.lora.ScaleEncoding;
import io.github.dnd4j.spi.ComponentSpec;
import io.github.dnd4j.spi.GeneratorFormat;
import io.github.dnd4j.spi.GeneratorManifest;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * A generator's description as JSON, the {@code generator.json} beside its weights:
 *
 * <pre>{@code
 * {
 *   "format": "dnd4j-generator",
 *   "version": 1,
 *   "id": "...", "libraryVersion": "...", "created": "...",
 *   "encoder": {"type": "...", ...},
 *   "decoder": {"type": "...", ...},
 *   "decoderFingerprint": "...",
 *   "scaleEncoding": {"type": "log", "center": 4.5},
 *   "target": {
 *     "name": "...", "baseModel": "...", "taskType": "...",
 *     "rank": 8, "alpha": 16.0, "rankStabilized": false, "dropout": 0.0,
 *     "rankPattern": {}, "alphaPattern": {}, "tileWidth": 128,
 *     "modules": [{"path": "...", "in": 896, "out": 896, "rank": 8}, ...]
 *   },
 *   "provenance": {"...": "..."},
 *   "trainingPrompts": {
 *     "tokens": 8, "familiar": 0.62, "unfamiliar": 0.75, "threshold": 1.0,
 *     "sets": [{"name": "...", "centroid": [0.05, ...]}, ...]
 *   }
 * }
 * }</pre>
 *
 * <p>Every field must be there and of its type, but that {@code trainingPrompts} is missing where a
 * generator remembers none; unknown ones are ignored, except that all of an encoder's and a
 * decoder's fields are its properties and so must be texts. {@code center} belongs to the scale
 * encoding {@code log} only; the other is {@code reference}. Nothing in the file is taken for a
 * path.
 */
public final class GeneratorJson implements GeneratorFormat {

  private static final String FORMAT = "dnd4j-generator";
  private static final int VERSION = 1;

  /** A million numbers, which is all that training prompts may have, and a large target. */
  private static final int LARGEST = 32 << 20;

  private static final String TYPE = "type";
  private static final String LOG = "log";
  private static final String REFERENCE = "reference";
  private static final String TRAINING_PROMPTS = "trainingPrompts";

  /** Creates the format. {@link GeneratorFormat} finds it by itself. */
  public GeneratorJson() {}

  @Override
  public GeneratorManifest read(Path file) {
    JsonObject json = JsonObject.read(Checks.notNull(file, "file"), LARGEST);
    checkVersion(json);
    try {
      return new GeneratorManifest(
          json.text("id"),
          json.text("libraryVersion"),
          json.text("created"),
          component(json.object("encoder")),
          component(json.object("decoder")),
          json.text("decoderFingerprint"),
          target(json.object("target")),
          scaleEncoding(json.object("scaleEncoding")),
          json.object("provenance").texts(),
          json.has(TRAINING_PROMPTS)
              ? Optional.of(trainingPrompts(json.object(TRAINING_PROMPTS)))
              : Optional.empty());
    } catch (InvalidInputException e) {
      throw json.broken(e.getMessage());
    }
  }

  private static void checkVersion(JsonObject json) {
    if (!json.text("format").equals(FORMAT)) {
      throw json.broken(
          "the format is " + json.raw("format") + ", but \"" + FORMAT + "\" is expected");
    }
    int version = json.integer("version");
    if (version > VERSION) {
      throw json.broken(
          "version "
              + version
              + " is newer than this library knows ("
              + VERSION
              + "): use a newer DnD4J");
    }
    if (version < 1) {
      throw json.broken("there is no version " + version);
    }
  }

  private static ComponentSpec component(JsonObject json) {
    Map<String, String> properties = new TreeMap<>(json.texts());
    properties.remove(TYPE);
    return new ComponentSpec(json.text(TYPE), properties);
  }

  private static ScaleEncoding scaleEncoding(JsonObject json) {
    String type = json.text(TYPE);
    return switch (type) {
      case REFERENCE -> ScaleEncoding.reference();
      case LOG -> ScaleEncoding.log(json.number("center"));
      default ->
          throw json.broken(
              "has the type '" + type + "', but '" + REFERENCE + "' or '" + LOG + "' is expected");
    };
  }

  private static LoraTarget target(JsonObject json) {
    LoraConfig config =
        new LoraConfig(
            json.integer("rank"),
            json.number("alpha"),
            json.flag("rankStabilized"),
            json.number("dropout"),
            json.text("baseModel"),
            json.text("taskType"),
            json.object("rankPattern").integers(),
            json.object("alphaPattern").numbers());
    return new LoraTarget(
        json.text("name"),
        config,
        json.integer("tileWidth"),
        json.objects("modules").stream().map(GeneratorJson::module).toList());
  }

  private static LoraModule module(JsonObject json) {
    return new LoraModule(
        json.text("path"), json.integer("in"), json.integer("out"), json.integer("rank"));
  }

  private static TrainingPrompts trainingPrompts(JsonObject json) {
    try {
      return new TrainingPrompts(
          json.integer("tokens"),
          json.objects("sets").stream()
              .map(set -> new TrainingSet(set.text("name"), set.floats("centroid")))
              .toList(),
          json.number("familiar"),
          json.number("unfamiliar"),
          json.number("threshold"),
          json.has("changeNorm") ? json.number("changeNorm") : 0);
    } catch (InvalidInputException e) {
      throw json.broken("is of no use: " + e.getMessage());
    }
  }

  /**
   * {@inheritDoc}
   *
   * @throws InvalidInputException if a component has a property named {@code type}
   * @throws io.github.dnd4j.FileAccessException if the file cannot be written
   */
  @Override
  public void write(GeneratorManifest manifest, Path file) {
    Checks.notNull(manifest, "manifest");
    ObjectNode json = JsonObject.create();
    json.put("format", FORMAT);
    json.put("version", VERSION);
    json.put("id", manifest.id());
    json.put("libraryVersion", manifest.libraryVersion());
    json.put("created", manifest.created());
    putComponent(json.putObject("encoder"), manifest.encoder());
    putComponent(json.putObject("decoder"), manifest.decoder());
    json.put("decoderFingerprint", manifest.decoderFingerprint());
    putScaleEncoding(json.putObject("scaleEncoding"), manifest.scaleEncoding());
    putTarget(json.putObject("target"), manifest.target());
    ObjectNode provenance = json.putObject("provenance");
    manifest.provenance().forEach(provenance::put);
    manifest
        .trainingPrompts()
        .ifPresent(remembered -> putTrainingPrompts(json.putObject(TRAINING_PROMPTS), remembered));
    byte[] bytes = JsonObject.format(json);
    AtomicFiles.writeFile(Checks.notNull(file, "file"), temporary -> Files.write(temporary, bytes));
  }

  private static void putComponent(ObjectNode json, ComponentSpec component) {
    if (component.properties().containsKey(TYPE)) {
      throw new InvalidInputException(
          "a " + component.type() + " has a property named '" + TYPE + "', which is taken");
    }
    json.put(TYPE, component.type());
    component.properties().forEach(json::put);
  }

  private static void putScaleEncoding(ObjectNode json, ScaleEncoding encoding) {
    if (encoding instanceof ScaleEncoding.Log log) {
      json.put(TYPE, LOG).put("center", log.center());
    } else {
      json.put(TYPE, REFERENCE);
    }
  }

  private static void putTrainingPrompts(ObjectNode json, TrainingPrompts remembered) {
    json.put("tokens", remembered.tokens());
    json.put("familiar", remembered.familiar());
    json.put("unfamiliar", remembered.unfamiliar());
    json.put("threshold", remembered.threshold());
    if (remembered.changeNorm() > 0) {
      json.put("changeNorm", remembered.changeNorm());
    }
    ArrayNode sets = json.putArray("sets");
    for (TrainingSet set : remembered.sets()) {
      JsonObject.putFloats(sets.addObject().put("name", set.name()), "centroid", set.centroid());
    }
  }

  private static void putTarget(ObjectNode json, LoraTarget target) {
    LoraConfig config = target.config();
    json.put("name", target.name());
    json.put("baseModel", config.baseModel());
    json.put("taskType", config.taskType());
    json.put("rank", config.rank());
    json.put("alpha", config.alpha());
    json.put("rankStabilized", config.rankStabilized());
    json.put("dropout", config.dropout());
    ObjectNode ranks = json.putObject("rankPattern");
    new TreeMap<>(config.rankPattern()).forEach(ranks::put);
    ObjectNode alphas = json.putObject("alphaPattern");
    new TreeMap<>(config.alphaPattern()).forEach(alphas::put);
    json.put("tileWidth", target.tileWidth());
    ArrayNode modules = json.putArray("modules");
    for (LoraModule module : target.modules()) {
      modules
          .addObject()
          .put("path", module.path())
          .put("in", module.in())
          .put("out", module.out())
          .put("rank", module.rank());
    }
  }
}
