package io.github.dnd4j;

/** The off-heap memory that ND4J works in does not suffice. */
public class NativeMemoryException extends DragAndDropException {

  private static final long serialVersionUID = 1L;

  /**
   * Creates an exception without a cause.
   *
   * @param message what was wrong, where, and what to do
   */
  public NativeMemoryException(String message) {
    super(message);
  }

  /**
   * Creates an exception with a cause.
   *
   * @param message what was wrong, where, and what to do
   * @param cause what led to it
   */
  public NativeMemoryException(String message, Throwable cause) {
    super(message, cause);
  }
}
