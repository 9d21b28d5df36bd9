package io.github.dnd4j.examples;

import io.github.dnd4j.DragAndDropException;
import io.github.dnd4j.internal.LibraryVersion;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.Charset;
import java.util.Arrays;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/** The main class of the {@code dnd} command. */
@Command(
    name = "dnd",
    description = "Drag-and-Drop LLMs on the JVM: task prompts in, LoRA weights out.",
    mixinStandardHelpOptions = true,
    scope = ScopeType.INHERIT,
    versionProvider = Dnd.Version.class,
    sortOptions = false,
    usageHelpAutoWidth = true,
    subcommands = {
      QuickstartCommand.class,
      GenerateCommand.class,
      InitCommand.class,
      DecodeCommand.class,
      TokenizeCommand.class,
      DetokenizeCommand.class,
      CriterionCommand.class,
      TrainCommand.class,
      OverfitCommand.class,
      TuneCommand.class,
      RetrieveCommand.class,
      ExperimentCommand.class,
      MergeCommand.class,
      ConvertCommand.class,
      InspectCommand.class,
      CompareCommand.class,
      ServeCommand.class,
      ModelfileCommand.class,
      LlamaCommand.class,
      BenchCommand.class,
      TrainingStepCommand.class
    })
public final class Dnd implements Runnable {

  private static final int FAILURE = 1;
  private static final String VERBOSE = "--verbose";

  @Option(
      names = VERBOSE,
      scope = ScopeType.INHERIT,
      description = "Show logs, and the stack trace of an error.")
  private boolean verbose;

  @Spec private CommandSpec spec;

  /** Created by picocli. */
  Dnd() {}

  /**
   * Runs the command and ends the process with its exit code.
   *
   * @param arguments the command line
   */
  public static void main(String[] arguments) {
    if (Arrays.asList(arguments).contains(VERBOSE)) {
      // Before the first logger is made.
      System.setProperty("org.slf4j.simpleLogger.log.io.github.dnd4j", "debug");
    } else {
      // Its warning of novel prompts: the commands have one of their own.
      System.setProperty("org.slf4j.simpleLogger.log.io.github.dnd4j.DragAndDrop", "error");
    }
    System.exit(execute(console(System.out), console(System.err), arguments));
  }

  /** In the terminal's own character set. */
  private static PrintWriter console(PrintStream stream) {
    return new PrintWriter(stream, true, Charset.defaultCharset());
  }

  /**
   * Runs the command.
   *
   * @param out where results go
   * @param err where errors and progress go
   * @param arguments the command line
   * @return the exit code: 0, or 1 after an error, of which {@code err} then has one line; 3 if
   *     {@code inspect} finds an adapter broken
   */
  static int execute(PrintWriter out, PrintWriter err, String... arguments) {
    return new CommandLine(new Dnd())
        .setOut(out)
        .setErr(err)
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setParameterExceptionHandler(Dnd::wrongUsage)
        .setExecutionExceptionHandler(Dnd::failed)
        .execute(arguments);
  }

  private static int wrongUsage(ParameterException e, String[] arguments) {
    CommandLine command = e.getCommandLine();
    command
        .getErr()
        .println(
            "dnd: "
                + firstLine(e)
                + ". See "
                + command.getCommandSpec().qualifiedName()
                + " --help");
    return FAILURE;
  }

  private static int failed(Exception e, CommandLine command, CommandLine.ParseResult parsed) {
    Dnd root = (Dnd) command.getCommandSpec().root().userObject();
    PrintWriter err = command.getErr();
    err.println("dnd: " + (e instanceof DragAndDropException ? firstLine(e) : e.toString()));
    if (root.verbose) {
      e.printStackTrace(err);
    }
    return FAILURE;
  }

  private static String firstLine(Exception e) {
    return e.getMessage().lines().findFirst().orElse(e.getClass().getSimpleName());
  }

  /** Without a subcommand: says what there is. */
  @Override
  public void run() {
    spec.commandLine().usage(spec.commandLine().getOut());
  }

  /** The version as the build knows it. */
  static final class Version implements CommandLine.IVersionProvider {

    /** Created by picocli. */
    Version() {}

    @Override
    public String[] getVersion() {
      return new String[] {"DnD4J " + LibraryVersion.VERSION};
    }
  }
}
