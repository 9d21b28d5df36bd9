/**
 * The {@code dnd} command: generating adapters, and the tools around it. Each subcommand is a
 * class; {@link io.github.dnd4j.examples.Dnd} is the main class.
 */
package io.github.dnd4j.examples;
