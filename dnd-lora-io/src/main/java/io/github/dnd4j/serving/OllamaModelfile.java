package io.github.dnd4j.serving;

import io.github.dnd4j.FileAccessException;
import io.github.dnd4j.InvalidInputException;
import io.github.dnd4j.internal.AtomicFiles;
import io.github.dnd4j.internal.Checks;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/**
 * The Modelfile of an Ollama model that is a base model with an adapter.
 *
 * <pre>{@code
 * OllamaModelfile.from("qwen2.5:0.5b")
 *     .withAdapter(Path.of("adapter.gguf"))
 *     .withParameter("temperature", "0")
 *     .write(Path.of("Modelfile"));
 * // ollama create my-task -f Modelfile
 * }</pre>
 *
 * <p>The adapter has to be a GGUF file, and the base model the one that it was made for. (Of PEFT
 * directories Ollama takes those of Llama, Mistral and Gemma only, not those of Qwen2.5.) Ollama
 * takes one adapter. Files are given by paths that are absolute, or relative to the Modelfile if
 * they are in its folder or below, so that the folder can be moved. Immutable.
 */
public final class OllamaModelfile {

  private static final Pattern MODEL_NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._/:-]*");
  private static final Pattern PARAMETER = Pattern.compile("[a-z][a-z0-9_]*");
  private static final Pattern PLAIN = Pattern.compile("[A-Za-z0-9._+-]+");
  private static final String QUOTES = "\"\"\"";

  private final String baseName;
  private final Path baseFile;
  private final Path adapter;

  /** Further instructions, each ready to be written. */
  private final List<String> others;

  private OllamaModelfile(String baseName, Path baseFile, Path adapter, List<String> others) {
    this.baseName = baseName;
    this.baseFile = baseFile;
    this.adapter = adapter;
    this.others = List.copyOf(others);
  }

  /**
   * Of a base model that Ollama has or can fetch.
   *
   * @param model its name, for example {@code qwen2.5:0.5b}
   * @return a Modelfile of that model
   * @throws InvalidInputException if that cannot be a model's name
   */
  public static OllamaModelfile from(String model) {
    Checks.notBlank(model, "model");
    if (!MODEL_NAME.matcher(model).matches()) {
      throw new InvalidInputException(
          "'"
              + AdapterNames.printable(model)
              + "' cannot be the name of an Ollama model, such as qwen2.5:0.5b: give a file as a"
              + " path");
    }
    return new OllamaModelfile(model, null, null, List.of());
  }

  /**
   * Of a base model in a GGUF file.
   *
   * @param model the file
   * @return a Modelfile of that model
   * @throws FileAccessException if the file cannot be read; Ollama would take its path for a name
   * @throws io.github.dnd4j.FileFormatException if it is not GGUF
   * @throws InvalidInputException if its path cannot stand in a Modelfile
   */
  public static OllamaModelfile from(Path model) {
    return new OllamaModelfile(
        null, GgufFiles.model(absolute(model, "the model")), null, List.of());
  }

  /**
   * Sets the adapter, which replaces one that was set before.
   *
   * @param file its GGUF file
   * @return the Modelfile with it
   * @throws FileAccessException if the file cannot be read
   * @throws io.github.dnd4j.FileFormatException if it is no GGUF adapter
   * @throws InvalidInputException if it is a directory, as PEFT's adapters are, or its path cannot
   *     stand in a Modelfile
   */
  public OllamaModelfile withAdapter(Path file) {
    return new OllamaModelfile(
        baseName, baseFile, GgufFiles.adapter(absolute(file, "the adapter")), others);
  }

  /**
   * Adds a parameter of generation; {@code stop} may be added several times.
   *
   * @param name its name, for example {@code temperature} or {@code num_ctx}; Ollama's reference of
   *     the Modelfile has them all
   * @param value its value
   * @return the Modelfile with it
   * @throws InvalidInputException if the name cannot be one or the value cannot stand in a
   *     Modelfile
   */
  public OllamaModelfile withParameter(String name, String value) {
    if (!PARAMETER.matcher(Checks.notNull(name, "name")).matches()) {
      throw new InvalidInputException(
          "'"
              + AdapterNames.printable(name)
              + "' cannot be a parameter, such as temperature or num_ctx");
    }
    return with("PARAMETER " + name + " " + quoted(value, "the parameter " + name));
  }

  /**
   * Adds the system message.
   *
   * @param text the message
   * @return the Modelfile with it
   * @throws InvalidInputException if it cannot stand in a Modelfile
   */
  public OllamaModelfile withSystem(String text) {
    return with("SYSTEM " + quoted(text, "the system message"));
  }

  /**
   * Adds the prompt template, in place of the base model's.
   *
   * @param text the template, in Go's syntax
   * @return the Modelfile with it
   * @throws InvalidInputException if it cannot stand in a Modelfile
   */
  public OllamaModelfile withTemplate(String text) {
    return with("TEMPLATE " + quoted(text, "the template"));
  }

  private OllamaModelfile with(String instruction) {
    List<String> more = new ArrayList<>(others);
    more.add(instruction);
    return new OllamaModelfile(baseName, baseFile, adapter, more);
  }

  private static Path absolute(Path file, String what) {
    Path absolute = Checks.notNull(file, what).toAbsolutePath().normalize();
    absolute.toString().codePoints().forEach(c -> checkInPath(absolute, c));
    return absolute;
  }

  /** Ollama leaves out what it does not take for printable, and then finds no such file. */
  private static void checkInPath(Path file, int character) {
    boolean printable =
        switch (Character.getType(character)) {
          case Character.CONTROL,
              Character.FORMAT,
              Character.SURROGATE,
              Character.PRIVATE_USE,
              Character.UNASSIGNED,
              Character.LINE_SEPARATOR,
              Character.PARAGRAPH_SEPARATOR ->
              false;
          case Character.SPACE_SEPARATOR -> character == ' ';
          default -> true;
        };
    if (!printable || character == '"') {
      throw new InvalidInputException(
          AdapterNames.printable(file.toString())
              + " has a character in its path that cannot stand in a Modelfile: U+"
              + Integer.toHexString(character)
              + ". Rename it");
    }
  }

  /** Every text fits between three quotes, but for three quotes. */
  private static String quoted(String text, String what) {
    Checks.notBlank(text, what);
    if (text.contains(QUOTES)) {
      throw new InvalidInputException(
          what + " has three double quotes in a row, which would end it in a Modelfile");
    }
    if (text.chars().anyMatch(c -> Character.isISOControl(c) && c != '\n' && c != '\t')) {
      throw new InvalidInputException(
          what + " has control characters, which a Modelfile cannot have: leave them out");
    }
    return PLAIN.matcher(text).matches() ? text : QUOTES + text + QUOTES;
  }

  /**
   * The Modelfile's text with absolute paths, for any folder.
   *
   * @return the text
   */
  public String text() {
    return text(null);
  }

  private String text(Path folder) {
    StringBuilder text = new StringBuilder("FROM ");
    text.append(baseFile == null ? baseName : path(baseFile, folder)).append('\n');
    if (adapter != null) {
      text.append("ADAPTER ").append(path(adapter, folder)).append('\n');
    }
    others.forEach(instruction -> text.append(instruction).append('\n'));
    return text.toString();
  }

  /** A relative path begins with a dot, so that it is not taken for a model or a home folder. */
  private static String path(Path file, Path folder) {
    if (folder == null || !file.startsWith(folder)) {
      return quotedAtEdges(file.toString());
    }
    StringBuilder relative = new StringBuilder(".");
    folder.relativize(file).forEach(part -> relative.append('/').append(part));
    return quotedAtEdges(relative.toString());
  }

  private static String quotedAtEdges(String path) {
    return path.equals(path.strip()) ? path : "\"" + path + "\"";
  }

  /**
   * Writes the Modelfile; it appears whole or not at all.
   *
   * @param file where to; one that is there is replaced
   * @throws FileAccessException if it cannot be written
   * @throws InvalidInputException if it would replace the adapter or the model
   */
  public void write(Path file) {
    Path absolute = Checks.notNull(file, "file").toAbsolutePath().normalize();
    if (absolute.equals(adapter) || absolute.equals(baseFile)) {
      throw new InvalidInputException(
          file + " is a file that the Modelfile names: write it to another place");
    }
    byte[] text = text(absolute.getParent()).getBytes(StandardCharsets.UTF_8);
    AtomicFiles.writeFile(absolute, temporary -> Files.write(temporary, text));
  }

  /** The text with absolute paths. */
  @Override
  public String toString() {
    return text();
  }
}
