package io.github.dnd4j.io;

import com.sun.management.ThreadMXBean;
import io.github.dnd4j.DragAndDropException;
import io.github.dnd4j.lora.LoraAdapter;
import io.github.dnd4j.spi.AdapterFormat;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;

/**
 * The readers of files that come from elsewhere, each with one way to give it any bytes, and what
 * must hold of all of them:
 *
 * <ul>
 *   <li>the file is read, or a {@link DragAndDropException} names it: there is no other exception
 *       or error,
 *   <li>what is allocated is bounded by the size of the file,
 *   <li>nothing in a file is taken for a path.
 * </ul>
 */
enum FuzzedReader {
  /** A whole safetensors file, all its tensors read. */
  SAFETENSORS("model.safetensors") {
    @Override
    long read(Path file) {
      return readTensors(SafetensorsFile.open(file));
    }
  },

  /** A whole file of tensors that may be anything, first of all a zip file. */
  ZIP("model.pth") {
    @Override
    long allocatedPerByte() {
      return ALLOCATED_PER_BYTE_OF_PICKLE;
    }

    @Override
    long read(Path file) {
      return readTensors(TensorFile.open(file));
    }
  },

  /** The pickle of a checkpoint whose zip file is as it should be. */
  PICKLE("model.pth") {
    @Override
    long allocatedPerByte() {
      return ALLOCATED_PER_BYTE_OF_PICKLE;
    }

    @Override
    Path write(Path folder, byte[] content) throws IOException {
      return FuzzSeeds.writeCheckpoint(folder.resolve("model.pth"), content);
    }

    @Override
    long read(Path file) {
      return readTensors(TensorFile.open(file));
    }
  },

  /** A whole GGUF file, all its tensors read. */
  GGUF("model.gguf") {
    @Override
    long read(Path file) {
      return readTensors(GgufFile.open(file));
    }
  },

  /** A whole GGUF file as an adapter. */
  GGUF_ADAPTER("adapter.gguf") {
    @Override
    long read(Path file) {
      return readAdapter(new GgufFormat(), file);
    }
  },

  /** The tensors of an adapter whose configuration is as it should be. */
  PEFT_TENSORS(PeftFormat.SAFETENSORS) {
    @Override
    Path write(Path folder, byte[] content) throws IOException {
      Files.writeString(folder.resolve(PeftConfig.FILE), FuzzSeeds.ADAPTER_CONFIG);
      return super.write(folder, content);
    }

    @Override
    long read(Path file) {
      return readAdapter(new PeftFormat(), file.getParent());
    }
  },

  /** The configuration of an adapter whose tensors are as they should be. */
  ADAPTER_CONFIG(PeftConfig.FILE) {
    @Override
    Path write(Path folder, byte[] content) throws IOException {
      Files.write(folder.resolve(PeftFormat.SAFETENSORS), FuzzSeeds.adapterTensors());
      return super.write(folder, content);
    }

    @Override
    String place(Path file) {
      return file.getParent().toString();
    }

    @Override
    long read(Path file) {
      return readAdapter(new PeftFormat(), file.getParent());
    }
  },

  /** A generator's description. */
  GENERATOR("generator.json") {
    @Override
    long read(Path file) {
      new GeneratorJson().read(file);
      return 0;
    }
  },

  /** The list of the files of a model. */
  MODEL_INDEX("model.safetensors.index.json") {
    @Override
    Path write(Path folder, byte[] content) throws IOException {
      Files.write(folder.resolve(FuzzSeeds.SHARD), FuzzSeeds.adapterTensors());
      return super.write(folder, content);
    }

    @Override
    String place(Path file) {
      return file.getParent().toString();
    }

    @Override
    long read(Path file) {
      ModelDirectory model = ModelDirectory.of(file.getParent());
      if (!model.shards().stream().allMatch(file.resolveSibling(FuzzSeeds.SHARD)::equals)) {
        throw new AssertionError("the index leads to other files: " + model.shards());
      }
      try (OpenShards shards = OpenShards.open(model.shards())) {
        model.check(shards.files());
      }
      return 0;
    }
  },

  /** Prompts, one a line. */
  PROMPTS_TXT("prompts.txt"),

  /** Prompts as a list. */
  PROMPTS_JSON("prompts.json"),

  /** Prompts as a JSON value a line. */
  PROMPTS_JSONL("prompts.jsonl");

  /** Bytes that may be allocated, on the heap and off it, for each byte of a file. */
  private static final long ALLOCATED_PER_BYTE = 64;

  /** A pickle has instructions of one byte that make a dict. */
  private static final long ALLOCATED_PER_BYTE_OF_PICKLE = 256;

  /** Bytes that may be allocated for any file: buffers, messages, what a view may repeat. */
  private static final long ALLOCATED_ALWAYS = 16 << 20;

  /** Tensors are read one by one, so that a few tell about all. */
  private static final int TENSORS_READ = 16;

  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  private final String fileName;

  FuzzedReader(String fileName) {
    this.fileName = fileName;
  }

  /** The folder of its inputs, and its name for the command line. */
  String id() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  static FuzzedReader of(String id) {
    return valueOf(id.toUpperCase(Locale.ROOT).replace('-', '_'));
  }

  /** Inputs to start from, by name: what the reader takes, and what it nearly takes. */
  Map<String, byte[]> seeds() throws IOException {
    return FuzzSeeds.of(this);
  }

  /**
   * Reads an input and checks all that must hold.
   *
   * @return the bytes allocated
   * @throws AssertionError if something does not hold
   */
  long check(Path folder, byte[] content) throws IOException {
    Path file = write(folder, content);
    long allowed = allocatedPerByte() * Files.size(file) + ALLOCATED_ALWAYS;
    long allocated = measure(file);
    if (allocated > allowed) {
      allocated = measure(file); // The first time may have loaded classes.
    }
    if (allocated > allowed) {
      throw new AssertionError(
          String.format(
              Locale.ROOT,
              "reading %d bytes took %d bytes of memory",
              Files.size(file),
              allocated));
    }
    return allocated;
  }

  long allocatedPerByte() {
    return ALLOCATED_PER_BYTE;
  }

  private long measure(Path file) {
    long before = THREADS.getThreadAllocatedBytes(Thread.currentThread().getId());
    long offHeap = 0;
    try {
      offHeap = read(file);
    } catch (DragAndDropException e) {
      if (!String.valueOf(e.getMessage()).contains(place(file))) {
        throw new AssertionError("the message does not name " + place(file), e);
      }
    }
    return THREADS.getThreadAllocatedBytes(Thread.currentThread().getId()) - before + offHeap;
  }

  /** Makes the file, and whatever else the reader needs. */
  Path write(Path folder, byte[] content) throws IOException {
    return Files.write(folder.resolve(fileName), content);
  }

  /** What messages have to name. */
  String place(Path file) {
    return file.toString();
  }

  /**
   * Reads the file.
   *
   * @return bytes allocated off the heap
   */
  long read(Path file) {
    PromptFile.read(file);
    return 0;
  }

  private static long readTensors(TensorFile opened) {
    try (TensorFile file = opened) {
      long largest = 0;
      for (TensorInfo info : file.tensors().values()) {
        largest = Math.max(largest, info.length() * Math.max(4, info.type().width()));
      }
      file.tensors().values().stream()
          .filter(info -> info.type().isReadable())
          .limit(TENSORS_READ)
          .forEach(info -> file.read(info.name()).close());
      return largest;
    }
  }

  private static long readAdapter(AdapterFormat format, Path source) {
    try (LoraAdapter adapter = format.read(source)) {
      return adapter.parameterCount() * Float.BYTES;
    }
  }

  /** Text as the bytes that it has in a file. */
  static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }
}
