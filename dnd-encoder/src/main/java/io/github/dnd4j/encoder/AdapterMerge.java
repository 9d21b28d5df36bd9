package io.github.dnd4j.encoder;

import io.github.dnd4j.internal.HostFloats;
import io.github.dnd4j.lora.LoraAdapter;
import io.github.dnd4j.lora.LoraModule;
import io.github.dnd4j.lora.LoraWeights;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Weights of a BERT with an adapter merged into them. */
final class AdapterMerge {

  private AdapterMerge() {}

  /**
   * Merges: {@code W + scale * B A} for every module of the adapter.
   *
   * @param bert the model
   * @param base its weights; not changed
   * @param adapter the adapter; not needed afterwards
   * @param adapterFingerprint the adapter's {@link #fingerprint}
   * @return the merged weights, which share with the base all that is not merged
   */
  static BertWeights merge(
      BertConfig bert, BertWeights base, LoraAdapter adapter, String adapterFingerprint) {
    LoraParameters parameters = LoraParameters.of(adapter);
    Map<DensePlace, INDArray> merged = new HashMap<>();
    try {
      for (LoraPlace place : LoraPlace.of(bert, adapter.config(), adapter.modules())) {
        INDArray weight = HostFloats.uninitialized(place.in(), place.out());
        merged.put(place.place(), weight);
        try (LoraFactors factors = new LoraFactors(place)) {
          factors.set(parameters);
          factors.merge(base.at(place.place()).weight(), weight);
        }
      }
      WeightFingerprint fingerprint = new WeightFingerprint();
      fingerprint.add(base.fingerprint());
      fingerprint.add(adapterFingerprint);
      return base.with(merged, fingerprint.hex());
    } catch (RuntimeException | OutOfMemoryError e) {
      merged.values().forEach(INDArray::close);
      throw e;
    }
  }

  /** SHA-256 of what an adapter changes, whatever the order of its modules and its file. */
  static String fingerprint(LoraAdapter adapter) {
    WeightFingerprint fingerprint = new WeightFingerprint();
    List<LoraModule> sorted =
        adapter.modules().stream()
            .sorted((one, other) -> one.path().compareTo(other.path()))
            .toList();
    for (LoraModule module : sorted) {
      fingerprint.add(module + " scale " + adapter.config().scaleOf(module));
      LoraWeights weights = adapter.weights(module.path());
      fingerprint.add("A", weights.a());
      fingerprint.add("B", weights.b());
    }
    return fingerprint.hex();
  }
}
