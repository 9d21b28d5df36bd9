package io.github.dnd4j.encoder;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.dnd4j.FileAccessException;
import io.github.dnd4j.FileFormatException;
import io.github.dnd4j.io.TensorFile;
import io.github.dnd4j.io.TensorInfo;
import io.github.dnd4j.io.TensorType;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The weights of a model's directory as transformers saves it: one {@code model.safetensors}, or
 * several files that {@code model.safetensors.index.json} lists. Names are those of the files. A
 * file of several is opened when the first of its tensors is asked for, so that files of which
 * nothing is needed need not be there.
 */
final class ShardedSafetensors implements WeightSource {

  private static final String SINGLE = "model.safetensors";
  private static final String INDEX = "model.safetensors.index.json";

  /** Far above those of the largest models. */
  private static final int LARGEST_INDEX = 64 << 20;

  private final Path directory;

  /** Where the list of tensors is, for messages. */
  private final Path list;

  /** Tensor to file name. */
  private final Map<String, String> fileOf;

  private final Map<String, TensorFile> open = new HashMap<>();

  private ShardedSafetensors(Path directory, Path list, Map<String, String> fileOf) {
    this.directory = directory;
    this.list = list;
    this.fileOf = fileOf;
  }

  /**
   * Opens a directory's weights.
   *
   * @param directory the directory, whose files are not trusted
   */
  static ShardedSafetensors open(Path directory) {
    Path index = directory.resolve(INDEX);
    if (Files.exists(index)) {
      return new ShardedSafetensors(directory, index, readIndex(index));
    }
    Path single = directory.resolve(SINGLE);
    if (!Files.exists(single)) {
      throw new FileAccessException(
          directory + " has neither " + SINGLE + " nor " + INDEX + ": is the download complete?");
    }
    TensorFile file = TensorFile.open(single);
    Map<String, String> fileOf = new HashMap<>();
    file.tensors().keySet().forEach(name -> fileOf.put(name, SINGLE));
    ShardedSafetensors weights = new ShardedSafetensors(directory, single, fileOf);
    weights.open.put(SINGLE, file);
    return weights;
  }

  private static Map<String, String> readIndex(Path index) {
    JsonNode map = JsonFiles.object(bytes(index), index.toString()).path("weight_map");
    Map<String, String> fileOf = new HashMap<>();
    for (Map.Entry<String, JsonNode> entry : map.properties()) {
      fileOf.put(entry.getKey(), checkedName(index, entry.getKey(), entry.getValue().asText()));
    }
    if (fileOf.isEmpty()) {
      throw new FileFormatException(index + ": weight_map lists no tensors");
    }
    return fileOf;
  }

  private static byte[] bytes(Path index) {
    try (InputStream in = Files.newInputStream(index)) {
      byte[] bytes = in.readNBytes(LARGEST_INDEX + 1);
      if (bytes.length > LARGEST_INDEX) {
        throw new FileFormatException(index + " has more than " + LARGEST_INDEX + " bytes");
      }
      return bytes;
    } catch (IOException e) {
      throw new FileAccessException("cannot read " + index + ": " + e, e);
    }
  }

  /** An index could name any file of the machine; only those beside it are taken. */
  private static String checkedName(Path index, String tensor, String name) {
    if (name.startsWith(".") || !name.matches("[A-Za-z0-9._-]+\\.safetensors")) {
      throw new FileFormatException(
          index
              + ": tensor '"
              + tensor
              + "' is in '"
              + name
              + "', but must be in a safetensors file of the same folder");
    }
    return name;
  }

  /** Whether the directory's files are said to hold a tensor. */
  boolean has(String name) {
    return fileOf.containsKey(name);
  }

  /**
   * How a tensor is stored.
   *
   * @param name its name
   * @param shape the shape it must have
   */
  TensorType type(String name, long... shape) {
    TensorInfo info = info(name);
    WeightSource.checkShape(file(name), info, shape);
    return info.type();
  }

  private TensorInfo info(String name) {
    TensorFile file = file(name);
    TensorInfo info = file.tensors().get(name);
    if (info == null) {
      throw new FileFormatException(
          list
              + " says that tensor '"
              + name
              + "' is in "
              + file.path().getFileName()
              + ", but it is not: is the download complete?");
    }
    return info;
  }

  private TensorFile file(String name) {
    String file = fileOf.get(name);
    if (file == null) {
      throw new FileFormatException(
          list + " has no tensor '" + name + "'. Is it a model of the kind that config.json says?");
    }
    return open.computeIfAbsent(file, this::openFile);
  }

  private TensorFile openFile(String name) {
    Path path = directory.resolve(name);
    if (!Files.isRegularFile(path)) {
      throw new FileAccessException(
          directory + " has no " + name + ", which its index names: is the download complete?");
    }
    return TensorFile.open(path);
  }

  /**
   * Reads a tensor into memory that is there.
   *
   * @param name its name
   * @param target where to, of its shape
   */
  void readInto(String name, INDArray target) {
    info(name);
    file(name).readInto(name, target);
  }

  @Override
  public INDArray tensor(String name, long... shape) {
    return WeightSource.read(file(name), info(name), shape);
  }

  @Override
  public void close() {
    open.values().forEach(TensorFile::close);
    open.clear();
  }
}
