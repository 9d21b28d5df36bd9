package io.github.dnd4j.examples;

import java.io.PrintWriter;
import java.io.StringWriter;

/** One run of the dnd command inside the test's own process. */
record CommandLineRun(int exitCode, String out, String err) {

  static CommandLineRun dnd(Object... arguments) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    String[] texts = new String[arguments.length];
    for (int i = 0; i < texts.length; i++) {
      texts[i] = arguments[i].toString();
    }
    int code = Dnd.execute(new PrintWriter(out), new PrintWriter(err), texts);
    return new CommandLineRun(code, out.toString(), err.toString());
  }
}
