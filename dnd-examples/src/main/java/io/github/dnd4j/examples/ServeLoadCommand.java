package io.github.dnd4j.examples;

import io.github.dnd4j.serving.AdapterServer;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code dnd serve load}. */
@Command(
    name = "load",
    description = {
      "Load an adapter into a running server. The server reads the files itself, so that it has to"
          + " see them.",
      ""
    })
final class ServeLoadCommand implements Callable<Integer> {

  /** Where the adapter is: one of them. */
  static final class Place {

    @Option(
        names = "--adapter",
        required = true,
        paramLabel = "DIR",
        description =
            "A PEFT directory that the server sees under the same path; it is checked first.")
    private Path directory;

    @Option(
        names = "--server-path",
        required = true,
        paramLabel = "PATH",
        description = "A PEFT directory as the server sees it, unchecked.")
    private String serverPath;

    /** Created by picocli. */
    Place() {}
  }

  @Mixin private ServerOptions options;

  @Option(
      names = "--name",
      required = true,
      description = "The name by which requests will ask for the adapter.")
  private String name;

  @ArgGroup(multiplicity = "1")
  private Place place;

  @Option(
      names = "--replace",
      description = "Load it in the place of the adapter of this name, if there is one.")
  private boolean replace;

  @Option(
      names = "--max-lora-rank",
      paramLabel = "N",
      description = "What the server was started with: refuse larger ranks before asking.")
  private Integer maxRank;

  @Spec private CommandSpec spec;

  /** Created by picocli. */
  ServeLoadCommand() {}

  @Override
  public Integer call() {
    AdapterServer server = options.server(maxRank);
    if (place.directory != null && replace) {
      server.replace(name, place.directory);
    } else if (place.directory != null) {
      server.load(name, place.directory);
    } else if (replace) {
      server.replace(name, place.serverPath);
    } else {
      server.load(name, place.serverPath);
    }
    spec.commandLine().getOut().println("loaded " + name + " into " + server);
    return 0;
  }
}
