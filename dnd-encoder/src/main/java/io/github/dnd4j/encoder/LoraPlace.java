package io.github.dnd4j.encoder;

import io.github.dnd4j.InvalidInputException;
import io.github.dnd4j.ShapeMismatchException;
import io.github.dnd4j.lora.LoraConfig;
import io.github.dnd4j.lora.LoraModule;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A dense map of a BERT of which an adapter changes some or all modules: query, key and value are
 * three modules of one map, the others one each.
 *
 * @param place which map
 * @param in its inputs
 * @param out its outputs
 * @param parts its adapted modules
 */
record LoraPlace(DensePlace place, int in, int out, List<LoraPart> parts) {

  /** All ranks of the parts together. */
  int ranks() {
    return parts.stream().mapToInt(part -> part.module().rank()).sum();
  }

  /**
   * The maps that an adapter changes, layer by layer.
   *
   * @param bert the model
   * @param config the adapter's configuration
   * @param modules the adapter's modules
   * @throws InvalidInputException if the model does not have one of them
   * @throws ShapeMismatchException if one of them has another shape in the model
   */
  static List<LoraPlace> of(BertConfig bert, LoraConfig config, List<LoraModule> modules) {
    Map<String, Integer> wanted = new LinkedHashMap<>();
    for (LoraModule module : modules) {
      wanted.put(module.path(), wanted.size());
    }
    List<LoraPlace> places = new ArrayList<>();
    for (int layer = 0; layer < bert.numHiddenLayers(); layer++) {
      for (DensePlace.Kind kind : DensePlace.Kind.values()) {
        LoraPlace place = of(new DensePlace(layer, kind), bert, config, modules, wanted);
        if (!place.parts.isEmpty()) {
          places.add(place);
        }
      }
    }
    if (!wanted.isEmpty()) {
      throw unknown(wanted.keySet().iterator().next(), bert);
    }
    return places;
  }

  /** Takes what it finds out of the wanted modules. */
  private static LoraPlace of(
      DensePlace place,
      BertConfig bert,
      LoraConfig config,
      List<LoraModule> modules,
      Map<String, Integer> wanted) {
    BertNames family = bert.family().names();
    List<String> names = family.of(place.kind());
    int in = place.kind() == DensePlace.Kind.OUTPUT ? bert.intermediateSize() : bert.hiddenSize();
    int out =
        place.kind() == DensePlace.Kind.INTERMEDIATE ? bert.intermediateSize() : bert.hiddenSize();
    List<LoraPart> parts = new ArrayList<>();
    int rank = 0;
    for (int i = 0; i < names.size(); i++) {
      Integer index = wanted.remove(family.prefixOf(place.layer()) + names.get(i));
      if (index != null) {
        LoraModule module = modules.get(index);
        checkShape(module, in, out);
        parts.add(new LoraPart(module, index, config.scaleOf(module), i * out, rank));
        rank += module.rank();
      }
    }
    return new LoraPlace(place, in, names.size() * out, List.copyOf(parts));
  }

  private static void checkShape(LoraModule module, int in, int out) {
    if (module.in() != in || module.out() != out) {
      throw new ShapeMismatchException(
          "the adapter's module "
              + module.path()
              + " is "
              + module.in()
              + " -> "
              + module.out()
              + ", but in this encoder it is "
              + in
              + " -> "
              + out
              + ". Is the adapter for another model?");
    }
  }

  private static InvalidInputException unknown(String path, BertConfig bert) {
    BertNames names = bert.family().names();
    return new InvalidInputException(
        "this encoder, of model_type "
            + bert.family().modelType()
            + ", has no module "
            + path
            + ". An adapter may change "
            + names.layers()
            + "0 to "
            + names.layers()
            + (bert.numHiddenLayers() - 1)
            + ", and there "
            + String.join(", ", names.queryKeyValue())
            + ", "
            + names.attentionOutput()
            + ", "
            + names.intermediate()
            + " and "
            + names.output());
  }
}
