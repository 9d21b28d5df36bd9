package io.github.dnd4j;

/**
 * The root of everything that DnD4J throws on purpose. Its message says what was wrong, where
 * (file, tensor, module, expected and actual value) and what to do about it.
 */
public class DragAndDropException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  /**
   * Creates an exception without a cause.
   *
   * @param message what was wrong, where, and what to do
   */
  public DragAndDropException(String message) {
    super(message);
  }

  /**
   * Creates an exception with a cause.
   *
   * @param message what was wrong, where, and what to do
   * @param cause what led to it
   */
  public DragAndDropException(String message, Throwable cause) {
    super(message, cause);
  }
}
