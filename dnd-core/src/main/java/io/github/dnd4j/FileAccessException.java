package io.github.dnd4j;

/** A file or folder is missing, unreadable or not writable. */
public class FileAccessException extends DragAndDropException {

  private static final long serialVersionUID = 1L;

  /**
   * Creates an exception without a cause.
   *
   * @param message what was wrong, where, and what to do
   */
  public FileAccessException(String message) {
    super(message);
  }

  /**
   * Creates an exception with a cause.
   *
   * @param message what was wrong, where, and what to do
   * @param cause what led to it
   */
  public FileAccessException(String message, Throwable cause) {
    super(message, cause);
  }
}
