package io.github.dnd4j.examples;

import io.github.dnd4j.serving.LlamaCppCommand;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code dnd llama-command}: an adapter for llama.cpp. */
@Command(
    name = "llama-command",
    description = {
      "Print the command that starts llama.cpp with a model and an adapter, for a POSIX shell.",
      ""
    })
final class LlamaCommand implements Callable<Integer> {

  @Option(
      names = "--model",
      required = true,
      paramLabel = "FILE",
      description = "The base model, a GGUF file.")
  private Path model;

  @Option(
      names = "--adapter",
      required = true,
      paramLabel = "FILE",
      description = "An adapter, a GGUF file; may be repeated.")
  private List<Path> adapters;

  @Option(
      names = "--scale",
      defaultValue = "1",
      description =
          "What the effect of every adapter is multiplied with (default: ${DEFAULT-VALUE}).")
  private double scale;

  @Option(
      names = "--program",
      defaultValue = "llama-server",
      description = "The program of llama.cpp (default: ${DEFAULT-VALUE}).")
  private String program;

  @Parameters(
      paramLabel = "ARGUMENT",
      arity = "0..*",
      description = "Further arguments for the program, after --.")
  private List<String> arguments = List.of();

  @Spec private CommandSpec spec;

  /** Created by picocli. */
  LlamaCommand() {}

  @Override
  public Integer call() {
    LlamaCppCommand command = LlamaCppCommand.of(program, model);
    for (Path adapter : adapters) {
      command = command.withAdapter(adapter, scale);
    }
    command = command.withArguments(arguments.toArray(String[]::new));
    spec.commandLine().getOut().println(command);
    return 0;
  }
}
