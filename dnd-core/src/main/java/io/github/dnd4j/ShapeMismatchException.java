package io.github.dnd4j;

/** Two parts do not fit together: a tensor has another shape than its place asks for. */
public class ShapeMismatchException extends DragAndDropException {

  private static final long serialVersionUID = 1L;

  /**
   * Creates an exception without a cause.
   *
   * @param message what was wrong, where, and what to do
   */
  public ShapeMismatchException(String message) {
    super(message);
  }

  /**
   * Creates an exception with a cause.
   *
   * @param message what was wrong, where, and what to do
   * @param cause what led to it
   */
  public ShapeMismatchException(String message, Throwable cause) {
    super(message, cause);
  }
}
