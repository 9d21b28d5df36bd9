/**
 * Whether adapters do anything: the report of {@code dnd inspect}, the comparison of {@code dnd
 * compare}, and maps of many adapters.
 */
package io.github.dnd4j.examples.diagnosis;
