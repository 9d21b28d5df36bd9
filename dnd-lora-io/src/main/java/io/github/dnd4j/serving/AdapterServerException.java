package io.github.dnd4j.serving;

import io.github.dnd4j.DragAndDropException;
import java.util.OptionalInt;

/**
 * A server of adapters could not be reached, took too long, refused what it was asked or answered
 * what cannot be understood. The message names the server, the adapter and what to do; an API key
 * is not in it.
 */
public class AdapterServerException extends DragAndDropException {

  private static final long serialVersionUID = 1L;
  private static final int NO_ANSWER = 0;

  /** The HTTP status, or {@link #NO_ANSWER}. */
  private final int status;

  /**
   * Creates an exception about an answer.
   *
   * @param message what was wrong, where, and what to do
   * @param status the answer's HTTP status
   */
  public AdapterServerException(String message, int status) {
    super(message);
    this.status = status;
  }

  /**
   * Creates an exception about an answer that did not come.
   *
   * @param message what was wrong, where, and what to do
   * @param cause what led to it
   */
  public AdapterServerException(String message, Throwable cause) {
    super(message, cause);
    this.status = NO_ANSWER;
  }

  /**
   * The HTTP status of the server's answer.
   *
   * @return the status, for example 404; empty if there was no answer
   */
  public OptionalInt status() {
    return status == NO_ANSWER ? OptionalInt.empty() : OptionalInt.of(status);
  }
}
