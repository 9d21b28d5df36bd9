package io.github.dnd4j.io;

import static io.github.dnd4j.io.FuzzedReader.bytes;

import io.github.dnd4j.internal.HostFloats;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Small files from which fuzzing starts. */
final class FuzzSeeds {

  static final String ADAPTER_CONFIG =
      """
      {"peft_type": "LORA", "task_type": "CAUSAL_LM", "r": 2, "lora_alpha": 4.0,
       "lora_dropout": 0.1, "use_rslora": false, "bias": "none", "modules_to_save": null,
       "base_model_name_or_path": "base", "target_modules": ["q"], "use_dora": false,
       "rank_pattern": {"layers.1.q": 1}, "alpha_pattern": {"k": 8}}\
      """;

  static final String SHARD = "model-1-of-1.safetensors";

  /** As many and as large as those of the checkpoints among the test resources. */
  private static final int STORAGES = 24;

  private static final int STORAGE_BYTES = 96;

  private static final String INDEX =
      """
      {"metadata": {"total_size": 24}, "weight_map": {
        "base_model.model.q.lora_A.weight": "model-1-of-1.safetensors",
        "base_model.model.q.lora_B.weight": "model-1-of-1.safetensors"}}\
      """;

  private static final String GENERATOR =
      """
      {"format": "dnd4j-generator", "version": 1,
       "id": "tiny", "libraryVersion": "0.1.0", "created": "2026-01-01T00:00:00Z",
       "encoder": {"type": "minilm", "folder": "../elsewhere"},
       "decoder": {"type": "hyper-conv", "stages": "3"},
       "decoderFingerprint": "00ff",
       "scaleEncoding": {"type": "log", "center": 4.5},
       "target": {"name": "t", "baseModel": "b", "taskType": "CAUSAL_LM",
         "rank": 2, "alpha": 4.0, "rankStabilized": false, "dropout": 0.0,
         "rankPattern": {"k": 1}, "alphaPattern": {"k": 2.5}, "tileWidth": 2,
         "modules": [{"path": "layers.0.q", "in": 4, "out": 6, "rank": 2},
           {"path": "layers.0.k", "in": 4, "out": 6, "rank": 1}]},
       "provenance": {"seed": "42"},
       "trainingPrompts": {"tokens": 8, "familiar": 0.1, "unfamiliar": 0.7, "threshold": 1.0,
         "sets": [{"name": "a", "centroid": [0.6, -0.8]}, {"name": "b", "centroid": [1, 0]}]}}\
      """;

  private static final String ONE_TENSOR =
      "\200\002ctorch._utils\n_rebuild_tensor_v2\n((X\007\000\000\000storagectorch\nFloatStorage\n"
          + "X\001\000\000\0000X\003\000\000\000cpuK\010tQK\001K\002K\002\206K\004K\001\206\211"
          + "ccollections\nOrderedDict\n)RtR.";

  private FuzzSeeds() {}

  /** Writes the seeds of a reader, the first argument, to a folder, the second. */
  public static void main(String[] arguments) throws IOException {
    Path folder = Files.createDirectories(Path.of(arguments[1]));
    for (var seed : FuzzedReader.of(arguments[0]).seeds().entrySet()) {
      Files.write(folder.resolve(seed.getKey()), seed.getValue());
    }
  }

  static Map<String, byte[]> of(FuzzedReader reader) throws IOException {
    return switch (reader) {
      case SAFETENSORS -> safetensors();
      case ZIP -> zips();
      case PICKLE -> pickles();
      case GGUF, GGUF_ADAPTER ->
          Map.of(
              "qwen2", gguf("qwen2"),
              "llama", gguf("llama"));
      case PEFT_TENSORS -> Map.of("adapter", adapterTensors());
      case ADAPTER_CONFIG ->
          Map.of(
              "config", bytes(ADAPTER_CONFIG),
              "smallest", bytes("{\"peft_type\":\"LORA\",\"r\":2,\"lora_alpha\":1e3}"));
      case GENERATOR ->
          Map.of(
              "generator", bytes(GENERATOR),
              "reference", bytes(GENERATOR.replace("\"log\", \"center\": 4.5", "\"reference\"")));
      case MODEL_INDEX -> Map.of("index", bytes(INDEX));
      case PROMPTS_TXT -> Map.of("lines", bytes("What is 2 + 2?\n\n  And 3?\r\nGr\303\274ezi\n"));
      case PROMPTS_JSON ->
          Map.of(
              "list",
              bytes("[\"a\", {\"prompt\": \"b\\u00e9\", \"response\": \"c\", \"n\": [1]}]"));
      case PROMPTS_JSONL ->
          Map.of("lines", bytes("\"a\"\n\n{\"prompt\": \"b\", \"response\": \" \", \"x\": 1.5}\n"));
    };
  }

  private static Map<String, byte[]> safetensors() {
    return Map.of(
        "types",
        safetensors(
            """
            {"__metadata__":{"format":"pt"},
             "f32":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]},
             "f16":{"dtype":"F16","shape":[3],"data_offsets":[8,14]},
             "bf16":{"dtype":"BF16","shape":[1],"data_offsets":[14,16]},
             "f64":{"dtype":"F64","shape":[],"data_offsets":[16,24]},
             "i64":{"dtype":"I64","shape":[1],"data_offsets":[24,32]},
             "u32":{"dtype":"U32","shape":[1],"data_offsets":[32,36]},
             "bool":{"dtype":"BOOL","shape":[2],"data_offsets":[36,38]},
             "f8":{"dtype":"F8_E4M3","shape":[2],"data_offsets":[38,40]}}\
            """,
            40),
        "empty",
        safetensors(
            "{\"e\":{\"dtype\":\"F32\",\"shape\":[0,9223372036854775807,3],\"data_offsets\":[0,0]}}",
            0),
        "none",
        safetensors("{}", 0),
        "huge",
        safetensors(
            "{\"h\":{\"dtype\":\"F32\",\"shape\":[4294967296,4294967296],"
                + "\"data_offsets\":[0,0]}}",
            0),
        "adapter",
        adapterTensors());
  }

  /** A file of a header and as many bytes of data, which count up. */
  static byte[] safetensors(String header, int dataBytes) {
    byte[] json = bytes(header);
    ByteBuffer file =
        ByteBuffer.allocate(Long.BYTES + json.length + dataBytes).order(ByteOrder.LITTLE_ENDIAN);
    file.putLong(json.length).put(json);
    for (int i = 0; i < dataBytes; i++) {
      file.put((byte) i);
    }
    return file.array();
  }

  /** A pickle of one tensor of 2 x 2 elements in a storage of eight. */
  static byte[] oneTensor() {
    return bytes(ONE_TENSOR);
  }

  static byte[] generator() {
    return bytes(GENERATOR);
  }

  static byte[] adapterTensors() {
    return safetensors(
        """
        {"base_model.model.q.lora_A.weight":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]},
         "base_model.model.q.lora_B.weight":{"dtype":"F16","shape":[1,2],"data_offsets":[16,20]}}\
        """,
        20);
  }

  private static Map<String, byte[]> zips() throws IOException {
    return Map.of(
        "adapter", resource("adapter_model.bin"),
        "single", resource("single.pt"),
        "legacy", resource("legacy.pth"),
        "deflated", checkpoint(bytes(ONE_TENSOR), ZipEntry.DEFLATED),
        "outside", zip(Map.of("../data.pkl", bytes("]."), "../data/0", new byte[4])),
        "safetensors", adapterTensors());
  }

  private static Map<String, byte[]> pickles() throws IOException {
    return Map.of(
        "protocol2", pickleOf("checkpoint.pth"),
        "protocol4", pickleOf("checkpoint-protocol4.pth"),
        "adapter", pickleOf("adapter_model.bin"),
        "one", bytes(ONE_TENSOR),
        "containers",
            bytes("\200\002](K\001M\000\001J\000\000\000\001G?\360\000\000\000\000\000\000e."),
        "itself", bytes("}q\000X\001\000\000\000xh\000s."),
        "outside", bytes(ONE_TENSOR.replace("X\001\000\000\0000", "X\004\000\000\000../0")));
  }

  /** Writes a checkpoint of a pickle and some storages. */
  static Path writeCheckpoint(Path file, byte[] pickle) throws IOException {
    return Files.write(file, checkpoint(pickle, ZipEntry.STORED));
  }

  private static byte[] checkpoint(byte[] pickle, int method) throws IOException {
    Map<String, byte[]> entries = new LinkedHashMap<>();
    entries.put("a/data.pkl", pickle);
    for (int storage = 0; storage < STORAGES; storage++) {
      entries.put("a/data/" + storage, new byte[STORAGE_BYTES]);
    }
    return zip(entries, method);
  }

  /** An adapter of one module, and a value of each kind. */
  private static byte[] gguf(String architecture) throws IOException {
    Path folder = Files.createTempDirectory("seed");
    Path file = folder.resolve("adapter.gguf");
    try (INDArray a = HostFloats.toTensor(new float[] {1, 2}, 1, 2);
        INDArray b = HostFloats.toTensor(new float[] {1, 2, 3, 4}, 4, 1)) {
      new GgufWriter()
          .put("general.type", "adapter")
          .put("general.architecture", architecture)
          .put("adapter.type", "lora")
          .put("adapter.lora.alpha", 2f)
          .put(architecture + ".attention.key_length", 4)
          .put("flag", true)
          .put("texts", List.of("a", "bc"))
          .put("numbers", new int[] {1, 2, 3})
          .add("blk.0.attn_q.weight.lora_a", a, TensorType.F32)
          .add("blk.0.attn_q.weight.lora_b", b, TensorType.BF16)
          .write(file);
      return Files.readAllBytes(file);
    } finally {
      Files.deleteIfExists(file);
      Files.delete(folder);
    }
  }

  static byte[] zip(Map<String, byte[]> entries) throws IOException {
    return zip(entries, ZipEntry.STORED);
  }

  private static byte[] zip(Map<String, byte[]> entries, int method) throws IOException {
    ByteArrayOutputStream file = new ByteArrayOutputStream();
    try (ZipOutputStream out = new ZipOutputStream(file)) {
      for (Map.Entry<String, byte[]> entry : entries.entrySet()) {
        ZipEntry zipEntry = new ZipEntry(entry.getKey());
        zipEntry.setMethod(method);
        zipEntry.setSize(entry.getValue().length);
        CRC32 crc = new CRC32();
        crc.update(entry.getValue());
        zipEntry.setCrc(crc.getValue());
        out.putNextEntry(zipEntry);
        out.write(entry.getValue());
        out.closeEntry();
      }
    }
    return file.toByteArray();
  }

  private static byte[] pickleOf(String checkpoint) throws IOException {
    Path copy = Files.createTempFile("seed", ".pth");
    try {
      Files.write(copy, resource(checkpoint));
      try (ZipFile zip = new ZipFile(copy.toFile())) {
        ZipEntry pickle =
            zip.stream()
                .filter(entry -> entry.getName().endsWith("/data.pkl"))
                .findFirst()
                .orElseThrow();
        return zip.getInputStream(pickle).readAllBytes();
      }
    } finally {
      Files.delete(copy);
    }
  }

  private static byte[] resource(String name) throws IOException {
    try (InputStream in = FuzzSeeds.class.getResourceAsStream(name)) {
      return in.readAllBytes();
    }
  }
}
