package io.github.dnd4j.examples.diagnosis;

import io.github.dnd4j.internal.AtomicFiles;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import javax.imageio.ImageIO;

/** Pictures as PNG files. */
public final class PngFile {

  private PngFile() {}

  /**
   * Writes a picture; it appears whole or not at all.
   *
   * @param image the picture
   * @param file the file, which is replaced if it is there
   * @throws io.github.dnd4j.FileAccessException if it cannot be written
   */
  public static void write(BufferedImage image, Path file) {
    byte[] bytes = bytes(image);
    AtomicFiles.writeFile(file, temporary -> Files.write(temporary, bytes));
  }

  /**
   * Encodes a picture.
   *
   * @param image the picture
   * @return what a file of it holds
   */
  public static byte[] bytes(BufferedImage image) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try {
      ImageIO.write(image, "png", bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e); // memory has no such errors
    }
    return bytes.toByteArray();
  }
}
