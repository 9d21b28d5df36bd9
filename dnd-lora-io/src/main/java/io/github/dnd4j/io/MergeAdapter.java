package io.github.dnd4j.io;

import io.github.dnd4j.lora.LoraAdapter;
import io.github.dnd4j.lora.LoraConfig;
import io.github.dnd4j.lora.LoraModule;
import java.util.List;

/** An adapter to merge, in memory or in a file. */
interface MergeAdapter extends AutoCloseable {

  /** What the adapter says of itself. */
  LoraConfig config();

  /** The modules that it changes. */
  List<LoraModule> modules();

  /** The A of one of them, {@code [rank * in]}. */
  float[] a(LoraModule module);

  /** Its B, {@code [out * rank]}. */
  float[] b(LoraModule module);

  @Override
  void close();

  /** An adapter in memory, which stays its owner's. */
  static MergeAdapter of(LoraAdapter adapter) {
    return new LoadedMergeAdapter(adapter, () -> {});
  }
}
