/**
 * Benchmarks of what takes the time, one by one, with JMH: built and run in the profile {@code jmh}
 * only.
 */
package io.github.dnd4j.examples.jmh;
