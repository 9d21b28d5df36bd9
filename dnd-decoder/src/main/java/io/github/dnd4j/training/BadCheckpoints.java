package io.github.dnd4j.training;

/** What training does about a checkpoint that cannot be read or does not fit. */
public enum BadCheckpoints {
  /** Ends with an error that names it. */
  STOP,

  /** Says so once and takes the next checkpoint of the same data set in its place. */
  SKIP
}
