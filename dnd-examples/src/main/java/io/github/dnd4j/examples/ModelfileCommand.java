package io.github.dnd4j.examples;

import io.github.dnd4j.serving.OllamaModelfile;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code dnd modelfile}: an adapter for Ollama. */
@Command(
    name = "modelfile",
    description = {
      "Write the Modelfile of an Ollama model that is a base model with an adapter.",
      "Then: ollama create NAME -f FILE",
      ""
    })
final class ModelfileCommand implements Callable<Integer> {

  @Option(
      names = "--from",
      required = true,
      paramLabel = "MODEL",
      description =
          "The base model: Ollama's name, such as qwen2.5:0.5b, or a file that ends in .gguf.")
  private String from;

  @Option(
      names = "--adapter",
      required = true,
      paramLabel = "FILE",
      description = "The adapter, a GGUF file.")
  private Path adapter;

  @Option(
      names = "--parameter",
      paramLabel = "NAME=VALUE",
      description = "A parameter of generation, such as temperature=0; may be repeated.")
  private Map<String, String> parameters = Map.of();

  @Option(names = "--system", paramLabel = "TEXT", description = "The system message.")
  private String system;

  @Option(
      names = "--out",
      paramLabel = "FILE",
      defaultValue = "Modelfile",
      description = "Where the Modelfile goes (default: ${DEFAULT-VALUE}).")
  private Path out;

  @Spec private CommandSpec spec;

  /** Created by picocli. */
  ModelfileCommand() {}

  @Override
  public Integer call() {
    OllamaModelfile modelfile =
        from.endsWith(".gguf") ? OllamaModelfile.from(Path.of(from)) : OllamaModelfile.from(from);
    modelfile = modelfile.withAdapter(adapter);
    for (Map.Entry<String, String> parameter : parameters.entrySet()) {
      modelfile = modelfile.withParameter(parameter.getKey(), parameter.getValue());
    }
    if (system != null) {
      modelfile = modelfile.withSystem(system);
    }
    modelfile.write(out);
    spec.commandLine().getOut().println(out + ": ollama create NAME -f " + out);
    return 0;
  }
}
