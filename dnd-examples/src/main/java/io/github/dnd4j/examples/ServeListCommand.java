package io.github.dnd4j.examples;

import io.github.dnd4j.serving.AdapterServer;
import io.github.dnd4j.serving.ServedAdapter;
import java.io.PrintWriter;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code dnd serve list}. */
@Command(
    name = "list",
    description = {"List the adapters that a running server has loaded.", ""})
final class ServeListCommand implements Callable<Integer> {

  @Mixin private ServerOptions options;

  @Spec private CommandSpec spec;

  /** Created by picocli. */
  ServeListCommand() {}

  @Override
  public Integer call() {
    AdapterServer server = options.server();
    List<ServedAdapter> adapters = server.adapters();
    PrintWriter out = spec.commandLine().getOut();
    if (adapters.isEmpty()) {
      out.println(server + " has loaded no adapters");
    }
    for (ServedAdapter adapter : adapters) {
      out.println(
          adapter.name()
              + "\t"
              + adapter.baseModel()
              + (adapter.path().isEmpty() ? "" : "\t" + adapter.path()));
    }
    return 0;
  }
}
