package io.github.dnd4j.io;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The safetensors files of one model, all open. */
final class OpenShards implements AutoCloseable {

  private final List<SafetensorsFile> files = new ArrayList<>();

  private OpenShards() {}

  static OpenShards open(List<Path> paths) {
    OpenShards shards = new OpenShards();
    try {
      paths.forEach(path -> shards.files.add(SafetensorsFile.open(path)));
      return shards;
    } catch (RuntimeException | Error e) {
      shards.close();
      throw e;
    }
  }

  List<SafetensorsFile> files() {
    return List.copyOf(files);
  }

  @Override
  public void close() {
    files.forEach(SafetensorsFile::close);
  }
}
