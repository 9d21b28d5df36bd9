package io.github.dnd4j.encoder;

import io.github.dnd4j.lora.LoraModule;

/**
 * Where a module's LoRA matrices stand among those of the dense map that it is part of.
 *
 * @param module the module
 * @param index its number among all modules of its adapter
 * @param scale what B A is multiplied with
 * @param firstColumn the first of the map's outputs that are the module's
 * @param firstRank the first of the map's ranks that are the module's
 */
record LoraPart(LoraModule module, int index, double scale, int firstColumn, int firstRank) {}
