package io.github.dnd4j;

/** A file's content is not what its format says: truncated, corrupt, hostile or of another kind. */
public class FileFormatException extends DragAndDropException {

  private static final long serialVersionUID = 1L;

  /**
   * Creates an exception without a cause.
   *
   * @param message what was wrong, where, and what to do
   */
  public FileFormatException(String message) {
    super(message);
  }

  /**
   * Creates an exception with a cause.
   *
   * @param message what was wrong, where, and what to do
   * @param cause what led to it
   */
  public FileFormatException(String message, Throwable cause) {
    super(message, cause);
  }
}
