package io.github.dnd4j.examples;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code dnd serve}: adapters of a running server. */
@Command(
    name = "serve",
    description = {
      "Put an adapter into a running vLLM or SGLang server, take it out again, or list what is"
          + " loaded.",
      "vLLM has to be started with --enable-lora and VLLM_ALLOW_RUNTIME_LORA_UPDATING=True, SGLang"
          + " with --enable-lora.",
      ""
    },
    subcommands = {ServeLoadCommand.class, ServeUnloadCommand.class, ServeListCommand.class})
final class ServeCommand implements Runnable {

  @Spec private CommandSpec spec;

  /** Created by picocli. */
  ServeCommand() {}

  /** Without a subcommand: says what there is. */
  @Override
  public void run() {
    spec.commandLine().usage(spec.commandLine().getOut());
  }
}
