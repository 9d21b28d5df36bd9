/**
 * How long DnD4J takes and how much memory, with one convolution engine and another, beside other
 * programs that do the same: what {@code dnd bench} measures.
 */
package io.github.dnd4j.examples.bench;
