package io.github.dnd4j.examples;

import io.github.dnd4j.DragAndDrop;
import io.github.dnd4j.GenerationListener;
import io.github.dnd4j.encoder.SentenceEncoder;
import io.github.dnd4j.examples.bench.ResidentMemory;
import io.github.dnd4j.internal.Checks;
import io.github.dnd4j.lora.LoraAdapter;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code dnd quickstart}: an adapter from questions alone, and what it changes. */
@Command(
    name = "quickstart",
    description = {
      "Generate an adapter of all-MiniLM-L6-v2 from the questions of a small science task, and"
          + " measure",
      "how well the encoder finds their answers before and after. Needs no files and no network.",
      ""
    })
final class QuickstartCommand implements Callable<Integer> {

  @Option(
      names = "--out",
      paramLabel = "DIR",
      defaultValue = "quickstart-adapter",
      description = "Where the adapter goes: a PEFT directory (default: quickstart-adapter).")
  private Path out;

  @Option(
      names = "--generator",
      paramLabel = "DIR",
      description = "A generator directory (default: the generator that comes with dnd).")
  private Path generator;

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "0",
      description = "Decides which questions prompts are drawn from, and which (default: 0).")
  private long seed;

  @Option(
      names = "--draws",
      paramLabel = "N",
      defaultValue = "3",
      description = {
        "How many times prompts are drawn, to see how much depends on that; the first draw's"
            + " adapter is",
        "written (default: 3)."
      })
  private int draws;

  @Spec private CommandSpec spec;

  /** Created by picocli. */
  QuickstartCommand() {}

  @Override
  public Integer call() {
    Checks.positive(draws, "--draws");
    return StopOnSignal.guard(spec.commandLine().getErr(), this::run);
  }

  private void run() {
    long start = System.nanoTime();
    PrintWriter console = spec.commandLine().getOut();
    QuickstartTask task = QuickstartTask.read(seed);
    introduce(console, task);
    try (Progress progress = new Progress();
        SentenceEncoder encoder = SentenceEncoder.allMiniLmL6V2();
        DragAndDrop opened = open(encoder)) {
      Quickstart quickstart = new Quickstart(opened, encoder, task, seed);
      write(console, quickstart, opened.conditionShape().prompts());
      QuickstartScores scores = quickstart.measure(out, draws, progress.task("measuring"));
      progress.close();
      QuickstartReport.print(console, task, scores, draws);
    }
    conclude(console, secondsSince(start));
  }

  private static void introduce(PrintWriter console, QuickstartTask task) {
    console.printf(
        "Task:    find the answers to %d science questions, each among all %d%n",
        task.size(), task.size());
    console.printf(
        "Halves:  prompts come from %d questions, without answers; asked are the other %d%n",
        task.pool().size(), task.asked().size());
    console.printf(
        "Control: %d prompts that have nothing to do with the task, drawn as often%n",
        task.unrelated().size());
    console.flush();
  }

  /** The generator owns the encoder too, which may be closed twice. */
  private DragAndDrop open(SentenceEncoder encoder) {
    if (generator != null) {
      return DragAndDrop.load(generator, encoder, GenerationListener.NONE);
    }
    try (ResourceFiles files = ShippedGenerator.unpack()) {
      return DragAndDrop.load(files.folder(), encoder, GenerationListener.NONE);
    }
  }

  private void write(PrintWriter console, Quickstart quickstart, int prompts) {
    long start = System.nanoTime();
    try (LoraAdapter adapter = quickstart.generate()) {
      double seconds = secondsSince(start);
      adapter.save(out);
      console.printf(
          Locale.ROOT,
          "Adapter: %d numbers in %d tensors, generated from %d prompts in %.2f s: %s%n",
          adapter.parameterCount(),
          2 * adapter.modules().size(),
          prompts,
          seconds,
          out);
      console.flush();
    }
  }

  private static double secondsSince(long start) {
    return (System.nanoTime() - start) / 1e9;
  }

  private void conclude(PrintWriter console, double seconds) {
    String memory =
        ResidentMemory.peakBytes().stream()
            .mapToObj(
                bytes ->
                    String.format(
                        Locale.ROOT, ", peak memory %.2f GiB", bytes / (double) (1 << 30)))
            .findFirst()
            .orElse("");
    console.printf(Locale.ROOT, "All in all %.1f s%s.%n%n", seconds, memory);
    console.println("Next, with questions of your own, one a line; then with answers to measure:");
    console.printf(
        "  dnd generate %s --prompts FILE.txt --out my-adapter%n",
        generator == null ? "--shipped" : "--generator " + generator);
    console.println("  dnd retrieve --task FILE.json --adapter my-adapter");
  }
}
