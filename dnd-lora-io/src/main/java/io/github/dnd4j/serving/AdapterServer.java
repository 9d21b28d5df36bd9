package io.github.dnd4j.serving;

import io.github.dnd4j.internal.Checks;
import io.github.dnd4j.io.PeftFormat;
import io.github.dnd4j.lora.LoraAdapter;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;

/**
 * A running server of a language model that takes adapters while it runs.
 *
 * <pre>{@code
 * AdapterServer server = VllmServer.at(URI.create("http://localhost:8000"));
 * server.load("my-task", Path.of("my-adapter"));
 * server.adapters(); // [ServedAdapter[name=my-task, ...]]
 * server.unload("my-task");
 * }</pre>
 *
 * <p>Adapters do not travel over the connection: the server reads the PEFT directory at a path that
 * it is told. On a server of another machine that is a path of that machine, given as a text.
 *
 * <p>Every method that asks the server throws {@link AdapterServerException} if it cannot be
 * reached, takes too long, or refuses; the message says what the server said and what to do. They
 * wait for the answer; a thread that is interrupted meanwhile gets that exception too, and stays
 * interrupted. The server may have done what it was asked nevertheless. Implementations are
 * immutable and safe for use by several threads.
 */
public interface AdapterServer {

  /**
   * The server's address.
   *
   * @return its base address, without a slash at the end
   */
  URI uri();

  /**
   * Loads an adapter that lies where the server sees it.
   *
   * @param name the name by which requests will ask for it: letters, digits, dots, hyphens and
   *     underscores, beginning with a letter or digit, at most 128 characters
   * @param path the adapter's directory as the server sees it, sent as it is; absolute is best,
   *     since servers take a relative path that they do not find for a model of the Hugging Face
   *     hub
   * @throws io.github.dnd4j.InvalidInputException if the name or path cannot be used
   * @throws AdapterServerException if the server fails to, also if an adapter of this name is
   *     loaded
   */
  void load(String name, String path);

  /**
   * Loads an adapter, in the place of the one of this name if there is one.
   *
   * @param name the name by which requests will ask for it, as in {@link #load(String, String)}
   * @param path the adapter's directory as the server sees it
   * @throws io.github.dnd4j.InvalidInputException if the name or path cannot be used
   * @throws AdapterServerException if the server fails to
   */
  void replace(String name, String path);

  /**
   * Takes an adapter out of the server.
   *
   * @param name its name
   * @throws io.github.dnd4j.InvalidInputException if the name cannot be one
   * @throws AdapterServerException if the server fails to, also if no adapter of this name is
   *     loaded
   */
  void unload(String name);

  /**
   * Asks for the adapters that are loaded.
   *
   * @return them, in the server's order
   * @throws AdapterServerException if the server fails to answer
   */
  List<ServedAdapter> adapters();

  /**
   * Checks that this kind of server can serve an adapter with the effect that it has, without
   * asking the server.
   *
   * @param adapter the adapter
   * @throws io.github.dnd4j.InvalidInputException if the server would refuse it, or load it with
   *     other scales; the message says why and what to do
   */
  void check(LoraAdapter adapter);

  /**
   * Loads an adapter from a directory that the server sees under the same path as this program,
   * after {@linkplain #check checking} it. That reads its numbers; of a directory that only the
   * server sees, pass the path as a text.
   *
   * @param name the name by which requests will ask for it, as in {@link #load(String, String)}
   * @param directory the PEFT directory; made absolute before it is sent
   * @throws io.github.dnd4j.FileAccessException if the directory cannot be read here
   * @throws io.github.dnd4j.FileFormatException if it is broken or more than plain LoRA
   * @throws io.github.dnd4j.InvalidInputException if the name cannot be used or the server would
   *     refuse the adapter
   * @throws AdapterServerException if the server fails to, also if an adapter of this name is
   *     loaded
   */
  default void load(String name, Path directory) {
    load(AdapterNames.checked(name), checkedPath(directory));
  }

  /**
   * As {@link #load(String, Path)}, in the place of the adapter of this name if there is one.
   *
   * @param name the name by which requests will ask for it
   * @param directory the PEFT directory
   * @throws io.github.dnd4j.FileAccessException if the directory cannot be read here
   * @throws io.github.dnd4j.FileFormatException if it is broken or more than plain LoRA
   * @throws io.github.dnd4j.InvalidInputException if the name cannot be used or the server would
   *     refuse the adapter
   * @throws AdapterServerException if the server fails to
   */
  default void replace(String name, Path directory) {
    replace(AdapterNames.checked(name), checkedPath(directory));
  }

  private String checkedPath(Path directory) {
    Path absolute = Checks.notNull(directory, "directory").toAbsolutePath().normalize();
    try (LoraAdapter adapter = new PeftFormat().read(absolute)) {
      check(adapter);
    }
    return absolute.toString();
  }
}
