package io.github.dnd4j.examples;

import io.github.dnd4j.serving.AdapterServer;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code dnd serve unload}. */
@Command(
    name = "unload",
    description = {"Take an adapter out of a running server.", ""})
final class ServeUnloadCommand implements Callable<Integer> {

  @Mixin private ServerOptions options;

  @Option(names = "--name", required = true, description = "The adapter's name in the server.")
  private String name;

  @Spec private CommandSpec spec;

  /** Created by picocli. */
  ServeUnloadCommand() {}

  @Override
  public Integer call() {
    AdapterServer server = options.server();
    server.unload(name);
    spec.commandLine().getOut().println("unloaded " + name + " from " + server);
    return 0;
  }
}
