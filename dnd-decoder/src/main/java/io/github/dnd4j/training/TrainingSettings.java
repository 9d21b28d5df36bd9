package io.github.dnd4j.training;

import java.util.Map;
import java.util.TreeMap;

/** All numbers that decide what a training run comes to, its data and its parts aside. */
record TrainingSettings(int batchSize, DecoderOptimizer.Settings optimizer, BatchSettings batches) {

  int steps() {
    return optimizer.schedule().steps();
  }

  int itemsPerStep() {
    return Math.multiplyExact(batchSize, optimizer.accumulation());
  }

  /** As text: for provenance, and to see whether a checkpoint belongs to the same run. */
  Map<String, String> toMap() {
    Map<String, String> map = new TreeMap<>();
    map.put("steps", Integer.toString(steps()));
    map.put("batch size", Integer.toString(batchSize));
    map.put("accumulation", Integer.toString(optimizer.accumulation()));
    map.put("learning rate", Double.toString(optimizer.schedule().peak()));
    map.put("warm-up steps", Integer.toString(optimizer.schedule().warmupSteps()));
    map.put("clip norm", Double.toString(optimizer.clipNorm()));
    AdamW.Settings adamW = optimizer.adamW();
    map.put("beta1", Double.toString(adamW.beta1()));
    map.put("beta2", Double.toString(adamW.beta2()));
    map.put("epsilon", Double.toString(adamW.epsilon()));
    map.put("weight decay", Double.toString(adamW.weightDecay()));
    map.put("condition form", batches.form().toString());
    map.put("task mixing", batches.mixing().toString());
    map.put("condition noise", Double.toString(batches.conditionNoise()));
    map.put("target noise", Double.toString(batches.targetNoise()));
    map.put("prompt dropout", Double.toString(batches.promptDropout()));
    map.put("seed", Long.toString(batches.seed()));
    return map;
  }
}
