package io.github.dnd4j.encoder;

import io.github.dnd4j.FileAccessException;
import io.github.dnd4j.FileFormatException;
import io.github.dnd4j.internal.Hashes;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeSet;
import org.nd4j.shade.protobuf.CodedInputStream;
import org.nd4j.shade.protobuf.InvalidProtocolBufferException;
import org.nd4j.shade.protobuf.WireFormat;

/**
 * An ONNX model's file and the files beside it that hold some of its tensors. A model of more than
 * 2 GB has such files, as protobuf messages end there. They are part of what identifies its
 * weights, and a hostile model could name any file of the machine. So they are looked for before
 * the model is opened: only the file's structure is read, not its tensors.
 */
final class OnnxFile {

  /** More than any graph within a graph within a graph needs. */
  private static final int DEEPEST = 50;

  private static final int MOST_TEXT = 1 << 16;

  /** The messages on the way to a tensor, and in which of their fields the others are. */
  private enum Message {
    MODEL,
    GRAPH,
    NODE,
    ATTRIBUTE,
    FUNCTION,
    SPARSE_TENSOR,
    TENSOR,
    ENTRY;

    /** What a field of this message holds; null if nothing on the way to a tensor. */
    Message in(int field) {
      return FIELDS.get(this + "." + field);
    }
  }

  /** By the field numbers of onnx.proto. */
  private static final Map<String, Message> FIELDS =
      Map.ofEntries(
          Map.entry("MODEL.7", Message.GRAPH),
          Map.entry("MODEL.25", Message.FUNCTION),
          Map.entry("GRAPH.1", Message.NODE),
          Map.entry("GRAPH.5", Message.TENSOR),
          Map.entry("GRAPH.15", Message.SPARSE_TENSOR),
          Map.entry("NODE.5", Message.ATTRIBUTE),
          Map.entry("ATTRIBUTE.5", Message.TENSOR),
          Map.entry("ATTRIBUTE.6", Message.GRAPH),
          Map.entry("ATTRIBUTE.10", Message.TENSOR),
          Map.entry("ATTRIBUTE.11", Message.GRAPH),
          Map.entry("ATTRIBUTE.22", Message.SPARSE_TENSOR),
          Map.entry("ATTRIBUTE.23", Message.SPARSE_TENSOR),
          Map.entry("FUNCTION.7", Message.NODE),
          Map.entry("SPARSE_TENSOR.1", Message.TENSOR),
          Map.entry("SPARSE_TENSOR.2", Message.TENSOR),
          Map.entry("TENSOR.13", Message.ENTRY));

  private final Path path;
  private final SortedSet<Path> externalData = new TreeSet<>();

  /**
   * Reads a model's structure.
   *
   * @param path its file
   * @throws FileAccessException if it or a file that it needs is missing or unreadable
   * @throws FileFormatException if it is no ONNX model or needs a file that is not beside it
   */
  OnnxFile(Path path) {
    this.path = path;
    try (InputStream in = Files.newInputStream(path)) {
      read(CodedInputStream.newInstance(in), Message.MODEL, 0);
    } catch (InvalidProtocolBufferException e) {
      throw new FileFormatException(path + " is not a valid ONNX model: " + e.getMessage(), e);
    } catch (IOException e) {
      throw new FileAccessException("cannot read the ONNX model " + path + ": " + e, e);
    }
  }

  private void read(CodedInputStream in, Message message, int depth) throws IOException {
    if (depth > DEEPEST) {
      throw new FileFormatException(
          path + " is not a valid ONNX model: its messages are nested more than " + DEEPEST);
    }
    String key = "";
    String value = "";
    for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
      int field = WireFormat.getTagFieldNumber(tag);
      boolean delimited = WireFormat.getTagWireType(tag) == WireFormat.WIRETYPE_LENGTH_DELIMITED;
      if (delimited && message.in(field) != null) {
        int outer = in.pushLimit(in.readRawVarint32());
        read(in, message.in(field), depth + 1);
        in.popLimit(outer);
      } else if (delimited && message == Message.ENTRY && field == 1) {
        key = text(in);
      } else if (delimited && message == Message.ENTRY && field == 2) {
        value = text(in);
      } else if (!in.skipField(tag)) {
        break;
      }
    }
    in.checkLastTagWas(0);
    if (key.equals("location")) {
      externalData.add(beside(value));
    }
  }

  private String text(CodedInputStream in) throws IOException {
    String text = in.readString();
    if (text.length() > MOST_TEXT) {
      throw new FileFormatException(path + " names external data of " + text.length() + " letters");
    }
    return text;
  }

  private Path beside(String location) {
    Path folder = path.toAbsolutePath().normalize().getParent();
    try {
      Path file = folder.resolve(location).normalize();
      if (location.isEmpty() || !file.startsWith(folder) || file.equals(folder)) {
        throw outside(location);
      }
      if (!Files.isRegularFile(file)) {
        throw new FileAccessException(
            path + " keeps tensors in " + file + ", which is not there: put it beside the model");
      }
      // Links are ONNX Runtime's to judge: it refuses those that lead out of the model's folder.
      return file;
    } catch (InvalidPathException e) {
      throw outside(location);
    }
  }

  private FileFormatException outside(String location) {
    return new FileFormatException(
        path
            + " keeps tensors in the file '"
            + location
            + "', which is not beside or below it. A model must not name files elsewhere");
  }

  Path path() {
    return path;
  }

  /** The files beside the model that hold some of its tensors, in the order of their names. */
  SortedSet<Path> externalData() {
    return externalData;
  }

  /**
   * SHA-256 of the model's file and, right after it, the files that it keeps tensors in, in the
   * order of their names.
   */
  String sha256() {
    MessageDigest digest = Hashes.sha256();
    add(digest, path);
    externalData.forEach(file -> add(digest, file));
    return Hashes.hex(digest);
  }

  private static void add(MessageDigest digest, Path file) {
    byte[] buffer = new byte[1 << 20];
    try (InputStream in = Files.newInputStream(file)) {
      for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
        digest.update(buffer, 0, read);
      }
    } catch (IOException e) {
      throw new FileAccessException("cannot read " + file + ": " + e, e);
    }
  }
}
