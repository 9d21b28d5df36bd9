package io.github.dnd4j.encoder;

import io.github.dnd4j.internal.HostFloats;
import io.github.dnd4j.lora.LoraAdapter;
import io.github.dnd4j.lora.LoraConfig;
import io.github.dnd4j.lora.LoraModule;
import io.github.dnd4j.lora.LoraWeights;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** All numbers of an adapter in one array: for each module A in 'c' order and then B. */
final class LoraParameters {

  private final List<LoraModule> modules;
  private final int[] starts;
  private final float[] values;

  private LoraParameters(List<LoraModule> modules) {
    this.modules = modules;
    starts = new int[modules.size() + 1];
    for (int i = 0; i < modules.size(); i++) {
      starts[i + 1] = Math.toIntExact(Math.addExact(starts[i], modules.get(i).parameterCount()));
    }
    values = new float[starts[modules.size()]];
  }

  /**
   * Those that tuning starts from: A uniform between {@code -1/sqrt(in)} and {@code 1/sqrt(in)}, as
   * PEFT draws it, and B zero, so that the model is still what it was.
   *
   * @param modules the modules
   * @param seed of the drawing
   */
  static LoraParameters initial(List<LoraModule> modules, long seed) {
    LoraParameters parameters = new LoraParameters(modules);
    Random random = new Random(seed);
    for (int i = 0; i < modules.size(); i++) {
      float bound = (float) (1 / Math.sqrt(modules.get(i).in()));
      for (int at = parameters.startOf(i); at < parameters.startOfB(i); at++) {
        parameters.values[at] = (2 * random.nextFloat() - 1) * bound;
      }
    }
    return parameters;
  }

  static LoraParameters of(LoraAdapter adapter) {
    LoraParameters parameters = new LoraParameters(adapter.modules());
    for (int i = 0; i < parameters.modules.size(); i++) {
      LoraWeights pair = adapter.weights(parameters.modules.get(i).path());
      float[] a = HostFloats.toArray(pair.a());
      float[] b = HostFloats.toArray(pair.b());
      System.arraycopy(a, 0, parameters.values, parameters.startOf(i), a.length);
      System.arraycopy(b, 0, parameters.values, parameters.startOfB(i), b.length);
    }
    return parameters;
  }

  float[] values() {
    return values;
  }

  /** Where a module's A begins. */
  int startOf(int module) {
    return starts[module];
  }

  /** Where a module's B begins. */
  int startOfB(int module) {
    LoraModule m = modules.get(module);
    return starts[module] + m.rank() * m.in();
  }

  /** A copy of the numbers as an adapter. */
  LoraAdapter toAdapter(LoraConfig config, Map<String, String> metadata) {
    Map<String, LoraWeights> weights = new LinkedHashMap<>();
    for (int i = 0; i < modules.size(); i++) {
      LoraModule m = modules.get(i);
      float[] a = Arrays.copyOfRange(values, startOf(i), startOfB(i));
      float[] b = Arrays.copyOfRange(values, startOfB(i), starts[i + 1]);
      weights.put(
          m.path(),
          new LoraWeights(
              HostFloats.toTensor(a, m.rank(), m.in()), HostFloats.toTensor(b, m.out(), m.rank())));
    }
    return new LoraAdapter(config, weights, metadata);
  }
}
