package io.github.dnd4j.serving;

import io.github.dnd4j.InvalidInputException;
import io.github.dnd4j.internal.Checks;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The command line of a llama.cpp program with a model and adapters, all of them GGUF files.
 *
 * <pre>{@code
 * LlamaCppCommand command = LlamaCppCommand.server(Path.of("base.gguf"))
 *     .withAdapter(Path.of("adapter.gguf"))
 *     .withArguments("--port", "8080");
 * new ProcessBuilder(command.arguments()).inheritIO().start();
 * }</pre>
 *
 * <p>Adapters are loaded when the program starts. A llama-server's {@code /lora-adapters} later
 * changes only their scales, by their places in the order of this command.
 *
 * <p>Files that exist are checked for being a GGUF model and adapters; others may be those of
 * another machine. Immutable.
 */
public final class LlamaCppCommand {

  private static final Pattern PLAIN = Pattern.compile("[A-Za-z0-9_@%+=:,./-]+");

  /** What llama.cpp separates the values of one option with, and quotes them with. */
  private static final Pattern CSV = Pattern.compile("[,\"\\r\\n]");

  private record Adapter(Path file, double scale) {}

  private final String program;
  private final Path model;
  private final List<Adapter> adapters;
  private final List<String> others;

  private LlamaCppCommand(String program, Path model, List<Adapter> adapters, List<String> others) {
    this.program = program;
    this.model = model;
    this.adapters = List.copyOf(adapters);
    this.others = List.copyOf(others);
  }

  /**
   * The HTTP server of llama.cpp.
   *
   * @param model the base model's GGUF file
   * @return the command {@code llama-server -m model}
   * @throws io.github.dnd4j.FileFormatException if the file exists and is not GGUF
   */
  public static LlamaCppCommand server(Path model) {
    return of("llama-server", model);
  }

  /**
   * Any program of llama.cpp.
   *
   * @param program its name or path, for example {@code llama-cli}
   * @param model the base model's GGUF file
   * @return the command {@code program -m model}
   * @throws io.github.dnd4j.FileFormatException if the file exists and is not GGUF
   * @throws InvalidInputException if the program's name is blank
   */
  public static LlamaCppCommand of(String program, Path model) {
    return new LlamaCppCommand(
        Checks.notBlank(program, "program"),
        ifHere(model, "the model", GgufFiles::model),
        List.of(),
        List.of());
  }

  /** Checks a file, unless it lies on another machine. */
  private static Path ifHere(Path file, String what, UnaryOperator<Path> check) {
    return Files.exists(Checks.notNull(file, what)) ? check.apply(file) : file;
  }

  /**
   * Adds an adapter with its own effect.
   *
   * @param file its GGUF file
   * @return the command with {@code --lora file}
   * @throws io.github.dnd4j.FileFormatException if the file exists and is no GGUF adapter
   * @throws InvalidInputException if it is a directory, or its path has a comma or quote, with
   *     which llama.cpp separates paths
   */
  public LlamaCppCommand withAdapter(Path file) {
    return withAdapter(file, 1);
  }

  /**
   * Adds an adapter with a multiple of its effect.
   *
   * @param file its GGUF file
   * @param scale what its effect is multiplied with; 1 leaves it as it is, 0 turns it off
   * @return the command with {@code --lora-scaled file:scale}, or with {@code --lora file} for 1
   * @throws io.github.dnd4j.FileFormatException if the file exists and is no GGUF adapter
   * @throws InvalidInputException if it is a directory, the scale is not finite, or the path has a
   *     comma or quote, or, unless the scale is 1, a colon, as those of other drives in Windows
   *     have
   */
  public LlamaCppCommand withAdapter(Path file, double scale) {
    ifHere(file, "the adapter", GgufFiles::adapter);
    if (!Double.isFinite(scale)) {
      throw new InvalidInputException(file + ": the scale must be finite, but is " + scale);
    }
    if (CSV.matcher(file.toString()).find()) {
      throw new InvalidInputException(
          file
              + ": llama.cpp takes no commas, quotes or line breaks in an adapter's path: rename"
              + " it");
    }
    if (scale != 1 && file.toString().indexOf(':') >= 0) {
      throw new InvalidInputException(
          file
              + ": llama.cpp takes no colon in the path of an adapter with a scale: use a relative"
              + " path, or scale the adapter itself");
    }
    List<Adapter> more = new ArrayList<>(adapters);
    more.add(new Adapter(file, scale));
    return new LlamaCppCommand(program, model, more, others);
  }

  /**
   * Adds further arguments at the end.
   *
   * @param arguments the arguments, for example {@code "--port", "8080"}
   * @return the command with them
   * @throws InvalidInputException if one is null
   */
  public LlamaCppCommand withArguments(String... arguments) {
    List<String> more = new ArrayList<>(others);
    for (String argument : Checks.notNull(arguments, "arguments")) {
      more.add(Checks.notNull(argument, "an argument"));
    }
    return new LlamaCppCommand(program, model, adapters, more);
  }

  /**
   * The command as a process is started with it. Several adapters are values of one option,
   * separated by commas, as llama.cpp documents it; those without a scale come first.
   *
   * @return the program and its arguments, without quoting
   */
  public List<String> arguments() {
    List<String> arguments = new ArrayList<>(List.of(program, "-m", model.toString()));
    add(arguments, "--lora", adapters.stream().filter(adapter -> adapter.scale() == 1), false);
    add(
        arguments,
        "--lora-scaled",
        adapters.stream().filter(adapter -> adapter.scale() != 1),
        true);
    arguments.addAll(others);
    return List.copyOf(arguments);
  }

  private static void add(
      List<String> arguments, String option, Stream<Adapter> adapters, boolean scaled) {
    String values =
        adapters
            .map(adapter -> adapter.file() + (scaled ? ":" + plain(adapter.scale()) : ""))
            .collect(Collectors.joining(","));
    if (!values.isEmpty()) {
      arguments.add(option);
      arguments.add(values);
    }
  }

  /** Without an exponent, and with the same digits everywhere. */
  private static String plain(double scale) {
    return BigDecimal.valueOf(scale).stripTrailingZeros().toPlainString();
  }

  /**
   * The command for a POSIX shell, on one line if no argument has a line break.
   *
   * @return the arguments, quoted where needed
   */
  @Override
  public String toString() {
    return arguments().stream().map(LlamaCppCommand::quoted).collect(Collectors.joining(" "));
  }

  private static String quoted(String argument) {
    return PLAIN.matcher(argument).matches()
        ? argument
        : "'" + argument.replace("'", "'\\''") + "'";
  }
}
