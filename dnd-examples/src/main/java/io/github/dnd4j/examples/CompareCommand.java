package io.github.dnd4j.examples;

import io.github.dnd4j.examples.diagnosis.AdapterComparison;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code dnd compare}: what two adapters have to do with each other. */
@Command(
    name = "compare",
    description = {
      "Compare what two adapters do, their dW: cosine, distance and ratio of norms. Ranks and"
          + " alphas may",
      "differ; of modules that only one has it is said which they are.",
      ""
    })
final class CompareCommand implements Callable<Integer> {

  @Parameters(index = "0", paramLabel = "A", description = "An adapter.")
  private Path first;

  @Parameters(index = "1", paramLabel = "B", description = "Another one.")
  private Path second;

  @Option(names = "--all", description = "A line for every module.")
  private boolean all;

  @Option(
      names = "--json",
      description = "Print one JSON document instead; docs/inspect.md explains it.")
  private boolean json;

  @Spec private CommandSpec spec;

  /** Created by picocli. */
  CompareCommand() {}

  @Override
  public Integer call() {
    PrintWriter out = spec.commandLine().getOut();
    AdapterComparison comparison = AdapterComparison.of(first, second);
    if (json) {
      out.println(comparison.toJson().toPrettyString());
    } else {
      comparison.print(out, all);
    }
    return 0;
  }
}
