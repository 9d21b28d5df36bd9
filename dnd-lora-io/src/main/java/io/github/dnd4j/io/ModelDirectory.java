package io.github.dnd4j.io;

import io.github.dnd4j.FileAccessException;
import io.github.dnd4j.FileFormatException;
import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** The directory of a Hugging Face model: its safetensors files, and the others. */
final class ModelDirectory {

  private static final String SINGLE = "model.safetensors";
  private static final String INDEX = "model.safetensors.index.json";
  private static final int LARGEST_INDEX = 64 << 20;

  /** Endings of files with weights in other formats, which would contradict the merged ones. */
  private static final Set<String> WEIGHTS =
      Set.of(
          "safetensors",
          "bin",
          "pt",
          "pth",
          "ckpt",
          "h5",
          "msgpack",
          "onnx",
          "onnx_data",
          "gguf",
          "ot");

  private final Path folder;

  /** Tensor to file name; empty if there is one file only. */
  private final Map<String, String> index;

  private final List<Path> shards = new ArrayList<>();
  private final List<Path> others = new ArrayList<>();
  private final List<Path> leftOut = new ArrayList<>();

  private ModelDirectory(Path folder, Map<String, String> index) {
    this.folder = folder;
    this.index = index;
  }

  static ModelDirectory of(Path folder) {
    Path indexFile = folder.resolve(INDEX);
    boolean sharded = Files.exists(indexFile);
    Map<String, String> index = sharded ? readIndex(indexFile) : Map.of();
    ModelDirectory model = new ModelDirectory(folder, index);
    for (String name : sharded ? new TreeSet<>(index.values()) : Set.of(SINGLE)) {
      Path shard = folder.resolve(name);
      if (!Files.isRegularFile(shard)) {
        throw new FileAccessException(
            folder
                + " has no "
                + name
                + (sharded ? ", which its index names" : " and no " + INDEX)
                + ": is the download complete?");
      }
      model.shards.add(shard);
    }
    model.list();
    return model;
  }

  private static Map<String, String> readIndex(Path file) {
    Map<String, String> map = JsonObject.read(file, LARGEST_INDEX).object("weight_map").texts();
    for (Map.Entry<String, String> entry : map.entrySet()) {
      String name = entry.getValue();
      if (name.startsWith(".") || !name.matches("[A-Za-z0-9._-]+\\.safetensors")) {
        throw new FileFormatException(
            file
                + ": tensor '"
                + entry.getKey()
                + "' is in '"
                + name
                + "', but must be in a safetensors file of the same folder");
      }
    }
    if (map.isEmpty()) {
      throw new FileFormatException(file + ": weight_map lists no tensors");
    }
    return map;
  }

  private void list() {
    try {
      Files.walkFileTree(
          folder,
          new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path path, BasicFileAttributes attributes) {
              return isHidden(path) ? FileVisitResult.SKIP_SUBTREE : FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFile(Path path, BasicFileAttributes attributes) {
              sort(path);
              return FileVisitResult.CONTINUE;
            }
          });
    } catch (IOException e) {
      throw new FileAccessException("cannot list " + folder + ": " + e, e);
    }
    others.sort(null);
    leftOut.sort(null);
  }

  /** What version control and downloads keep beside the model. */
  private boolean isHidden(Path path) {
    return !path.equals(folder) && path.getFileName().toString().startsWith(".");
  }

  /** Files of a download cache are links to their content, so links to files are followed. */
  private void sort(Path path) {
    if (shards.contains(path) || isHidden(path)) {
      return;
    }
    Path relative = folder.relativize(path);
    if (!Files.isRegularFile(path) || isWeights(path)) {
      leftOut.add(relative);
    } else {
      others.add(relative);
    }
  }

  private boolean isWeights(Path path) {
    String name = path.getFileName().toString().toLowerCase(Locale.ROOT);
    if (name.endsWith(".index.json")) {
      return index.isEmpty() || !path.equals(folder.resolve(INDEX));
    }
    return WEIGHTS.contains(name.substring(name.lastIndexOf('.') + 1));
  }

  /** The safetensors files, by name. */
  List<Path> shards() {
    return List.copyOf(shards);
  }

  /** Checks the index against what the files hold, in the order of {@link #shards}. */
  void check(List<SafetensorsFile> files) {
    Map<String, Path> found = new HashMap<>();
    for (SafetensorsFile file : files) {
      for (String name : file.tensors().keySet()) {
        Path before = found.putIfAbsent(name, file.path());
        if (before != null) {
          throw new FileFormatException(
              "tensor '" + name + "' is in " + before + " and again in " + file.path());
        }
      }
    }
    index.forEach(
        (name, shard) -> {
          if (!folder.resolve(shard).equals(found.get(name))) {
            throw new FileFormatException(
                folder.resolve(INDEX)
                    + " says that tensor '"
                    + name
                    + "' is in "
                    + shard
                    + ", but it is not: is the download complete?");
          }
        });
  }

  /** Copies all that is no weights. */
  void copyOthers(Path target) throws IOException {
    for (Path other : others) {
      Path copy = target.resolve(other);
      Files.createDirectories(copy.getParent());
      Files.copy(folder.resolve(other), copy);
    }
  }

  /** Files with other weights, relative to the folder. */
  List<Path> leftOut() {
    return List.copyOf(leftOut);
  }
}
