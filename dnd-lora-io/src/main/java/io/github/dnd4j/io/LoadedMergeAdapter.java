package io.github.dnd4j.io;

import io.github.dnd4j.internal.HostFloats;
import io.github.dnd4j.lora.LoraAdapter;
import io.github.dnd4j.lora.LoraConfig;
import io.github.dnd4j.lora.LoraModule;
import java.util.List;

/**
 * An adapter in memory.
 *
 * @param adapter the adapter
 * @param whenDone what closing this does
 */
record LoadedMergeAdapter(LoraAdapter adapter, Runnable whenDone) implements MergeAdapter {

  @Override
  public LoraConfig config() {
    return adapter.config();
  }

  @Override
  public List<LoraModule> modules() {
    return adapter.modules();
  }

  @Override
  public float[] a(LoraModule module) {
    return HostFloats.toArray(adapter.weights(module.path()).a());
  }

  @Override
  public float[] b(LoraModule module) {
    return HostFloats.toArray(adapter.weights(module.path()).b());
  }

  @Override
  public void close() {
    whenDone.run();
  }
}
