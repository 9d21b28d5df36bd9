/**
 * LoRA adapters, the target models they fit, and the weight tokens that a decoder generates them
 * as.
 */
package io.github.dnd4j.lora;
