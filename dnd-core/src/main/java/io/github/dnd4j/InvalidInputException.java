package io.github.dnd4j;

/** An argument is not usable: no prompts, a blank prompt, an option outside its range. */
public class InvalidInputException extends DragAndDropException {

  private static final long serialVersionUID = 1L;

  /**
   * Creates an exception without a cause.
   *
   * @param message what was wrong, where, and what to do
   */
  public InvalidInputException(String message) {
    super(message);
  }

  /**
   * Creates an exception with a cause.
   *
   * @param message what was wrong, where, and what to do
   * @param cause what led to it
   */
  public InvalidInputException(String message, Throwable cause) {
    super(message, cause);
  }
}
