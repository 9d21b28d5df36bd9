/**
 * Measuring what adapters of a sentence encoder are worth: retrieval tasks and their scores, and an
 * experiment that compares generated adapters with others, set by set, each held out in turn.
 */
package io.github.dnd4j.examples.experiment;
