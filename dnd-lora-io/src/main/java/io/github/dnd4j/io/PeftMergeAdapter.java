package io.github.dnd4j.io;

import io.github.dnd4j.FileFormatException;
import io.github.dnd4j.InvalidInputException;
import io.github.dnd4j.lora.LoraAdapter;
import io.github.dnd4j.lora.LoraConfig;
import io.github.dnd4j.lora.LoraModule;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * A PEFT adapter whose matrices are read one by one when they are needed. It goes without ND4J,
 * which takes longer to start than a small model takes to be merged.
 */
final class PeftMergeAdapter implements MergeAdapter {

  private final SafetensorsFile file;
  private final LoraConfig config;
  private final Map<String, LoraPairs.Pair> pairs;
  private final List<LoraModule> modules;

  private PeftMergeAdapter(SafetensorsFile file, LoraConfig config) {
    this.file = file;
    this.config = config;
    this.pairs = new PeftTensors(file, config).checked();
    this.modules = pairs.entrySet().stream().map(e -> module(e.getKey(), e.getValue())).toList();
  }

  private static LoraModule module(String path, LoraPairs.Pair pair) {
    List<Long> a = pair.a().shape();
    List<Long> b = pair.b().shape();
    return new LoraModule(
        path, Math.toIntExact(a.get(1)), Math.toIntExact(b.get(0)), Math.toIntExact(a.get(0)));
  }

  /** Opens an adapter of any format; formats other than PEFT's are read into memory. */
  static MergeAdapter open(Path source) {
    Path tensors = source.resolve(PeftFormat.SAFETENSORS);
    if (!new PeftFormat().recognizes(source) || !Files.exists(tensors)) {
      LoraAdapter adapter = LoraAdapter.load(source);
      return new LoadedMergeAdapter(adapter, adapter::close);
    }
    LoraConfig config = PeftConfig.read(source.resolve(PeftConfig.FILE));
    SafetensorsFile file = SafetensorsFile.open(tensors);
    try {
      return new PeftMergeAdapter(file, config);
    } catch (InvalidInputException e) {
      file.close();
      throw new FileFormatException(tensors + ": " + e.getMessage(), e);
    } catch (RuntimeException e) {
      file.close();
      throw e;
    }
  }

  @Override
  public LoraConfig config() {
    return config;
  }

  @Override
  public List<LoraModule> modules() {
    return modules;
  }

  @Override
  public float[] a(LoraModule module) {
    return read(pairs.get(module.path()).a());
  }

  @Override
  public float[] b(LoraModule module) {
    return read(pairs.get(module.path()).b());
  }

  private float[] read(TensorInfo info) {
    int count = Math.toIntExact(info.length());
    ByteBuffer bytes = ByteBuffer.allocate(Math.toIntExact(info.bytes()));
    file.readAt(file.position(info.name()), bytes);
    float[] values = new float[count];
    ElementCodec.decode(info.type(), bytes.flip(), values, count);
    return values;
  }

  @Override
  public void close() {
    file.close();
  }
}
