package io.github.dnd4j.spi;

import io.github.dnd4j.FileAccessException;
import io.github.dnd4j.FileFormatException;
import io.github.dnd4j.InvalidInputException;
import io.github.dnd4j.lora.LoraAdapter;
import io.github.dnd4j.lora.WeightPrecision;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** A file format of LoRA adapters. Implementations are found by {@link java.util.ServiceLoader}. */
public interface AdapterFormat {

  /**
   * The format's name.
   *
   * @return for example {@code peft}
   */
  String name();

  /**
   * Whether a destination's name asks for this format.
   *
   * @param destination a path that need not exist
   * @return whether its file ending is this format's; the PEFT directory takes names without one
   */
  boolean accepts(Path destination);

  /**
   * Whether something that exists is of this format, judged by a short look at it.
   *
   * @param source an existing file or directory
   * @return whether {@link #read} is worth trying
   */
  boolean recognizes(Path source);

  /**
   * Reads an adapter.
   *
   * @param source an existing file or directory; its content is not trusted
   * @return the adapter; the caller closes it
   * @throws FileFormatException if the content is broken
   */
  LoraAdapter read(Path source);

  /**
   * Writes an adapter.
   *
   * @param adapter the adapter
   * @param destination where to; it appears whole or not at all
   * @param precision how its numbers are stored
   */
  void write(LoraAdapter adapter, Path destination, WeightPrecision precision);

  /**
   * All formats on the class path.
   *
   * @return the formats
   */
  static List<AdapterFormat> all() {
    return Services.all(AdapterFormat.class);
  }

  /**
   * The format of a name.
   *
   * @param name its {@link #name()}
   * @return the format
   * @throws InvalidInputException if there is none
   */
  static AdapterFormat named(String name) {
    return all().stream()
        .filter(format -> format.name().equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                new InvalidInputException(
                    "no adapter format is called '"
                        + name
                        + "' (found: "
                        + all().stream().map(AdapterFormat::name).toList()
                        + ")"
                        + Services.hint(AdapterFormat.class)));
  }

  /**
   * The format that a destination's name asks for.
   *
   * @param destination a path that need not exist
   * @return the first format that accepts it
   * @throws FileFormatException if there is none
   */
  static AdapterFormat forDestination(Path destination) {
    return all().stream()
        .filter(format -> format.accepts(destination))
        .findFirst()
        .orElseThrow(
            () ->
                new FileFormatException(
                    "no adapter format for the file ending of "
                        + destination
                        + " (found: "
                        + all().stream().map(AdapterFormat::name).toList()
                        + ")"
                        + Services.hint(AdapterFormat.class)));
  }

  /**
   * The format of something that exists.
   *
   * @param source a file or directory
   * @return the first format that recognizes it
   * @throws FileAccessException if it does not exist
   * @throws FileFormatException if no format recognizes it
   */
  static AdapterFormat recognizing(Path source) {
    if (!Files.exists(source)) {
      throw new FileAccessException("there is no adapter at " + source + ": check the path");
    }
    return all().stream()
        .filter(format -> format.recognizes(source))
        .findFirst()
        .orElseThrow(
            () ->
                new FileFormatException(
                    source
                        + " is no LoRA adapter of a known format (a PEFT directory holds"
                        + " adapter_config.json and adapter_model.safetensors, a GGUF file"
                        + " begins with GGUF)"
                        + Services.hint(AdapterFormat.class)));
  }
}
