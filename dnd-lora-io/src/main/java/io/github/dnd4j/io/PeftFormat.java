package io.github.dnd4j.io;

import io.github.dnd4j.FileAccessException;
import io.github.dnd4j.FileFormatException;
import io.github.dnd4j.InvalidInputException;
import io.github.dnd4j.internal.AtomicFiles;
import io.github.dnd4j.internal.Checks;
import io.github.dnd4j.lora.LoraAdapter;
import io.github.dnd4j.lora.LoraModule;
import io.github.dnd4j.lora.WeightPrecision;
import io.github.dnd4j.spi.AdapterFormat;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The directory in which Hugging Face PEFT keeps a LoRA adapter and which PEFT, vLLM and SGLang
 * load: {@code adapter_config.json} and {@code adapter_model.safetensors}.
 *
 * <p>Tensors are named {@code base_model.model.<module path>.lora_A.weight} ({@code [rank, in]})
 * and {@code .lora_B.weight} ({@code [out, rank]}). When reading, an adapter's name before {@code
 * .weight} is skipped, and an {@code adapter_model.bin} is read where there is no safetensors file.
 * Whatever else an adapter may hold (DoRA magnitudes, embeddings, biases, whole modules) is refused
 * rather than left out.
 *
 * <p>The modules of an adapter that is read are in the order of the file.
 */
public final class PeftFormat implements AdapterFormat {

  static final String PREFIX = "base_model.model.";
  static final String SAFETENSORS = "adapter_model.safetensors";
  private static final String PYTORCH = "adapter_model.bin";

  /** Endings that ask for a file of another kind, not for a directory. */
  private static final Set<String> OTHER_ENDINGS =
      Set.of("gguf", "safetensors", "bin", "pt", "pth", "onnx", "json", "zip");

  /** Says what tensors are stored for. */
  private static final Map.Entry<String, String> FORMAT = Map.entry("format", "pt");

  /** Creates the format. {@link AdapterFormat} finds it by itself. */
  public PeftFormat() {}

  @Override
  public String name() {
    return "peft";
  }

  @Override
  public boolean accepts(Path destination) {
    String name = String.valueOf(Checks.notNull(destination, "destination").getFileName());
    int dot = name.lastIndexOf('.');
    return !OTHER_ENDINGS.contains(name.substring(dot + 1).toLowerCase(Locale.ROOT)) || dot < 0;
  }

  @Override
  public boolean recognizes(Path source) {
    return Files.isRegularFile(Checks.notNull(source, "source").resolve(PeftConfig.FILE));
  }

  /**
   * {@inheritDoc}
   *
   * @throws FileAccessException if one of the files is missing or unreadable
   * @throws FileFormatException if they are broken, contradict each other, or hold more than plain
   *     LoRA; the message names the file and the tensor
   */
  @Override
  public LoraAdapter read(Path source) {
    Path config = Checks.notNull(source, "source").resolve(PeftConfig.FILE);
    Path tensors = source.resolve(SAFETENSORS);
    if (!Files.exists(tensors)) {
      tensors = source.resolve(PYTORCH);
    }
    if (!Files.exists(tensors)) {
      throw new FileAccessException(
          source
              + " has neither "
              + SAFETENSORS
              + " nor "
              + PYTORCH
              + ": is the download complete?");
    }
    try (TensorFile file = TensorFile.open(tensors)) {
      return new PeftTensors(file, PeftConfig.read(config)).read();
    } catch (InvalidInputException e) {
      throw new FileFormatException(tensors + ": " + e.getMessage(), e);
    }
  }

  /**
   * {@inheritDoc}
   *
   * @throws FileAccessException if the directory cannot be written
   */
  @Override
  public void write(LoraAdapter adapter, Path destination, WeightPrecision precision) {
    Checks.notNull(adapter, "adapter");
    Checks.notNull(precision, "precision");
    Map<String, INDArray> tensors = new LinkedHashMap<>();
    for (LoraModule module : adapter.modules()) {
      tensors.put(PREFIX + module.path() + ".lora_A.weight", adapter.weights(module.path()).a());
      tensors.put(PREFIX + module.path() + ".lora_B.weight", adapter.weights(module.path()).b());
    }
    Map<String, String> metadata = new TreeMap<>(adapter.metadata());
    metadata.put(FORMAT.getKey(), FORMAT.getValue());
    AtomicFiles.writeDirectory(
        Checks.notNull(destination, "destination"),
        folder -> {
          Files.write(folder.resolve(PeftConfig.FILE), PeftConfig.format(adapter));
          SafetensorsWriter.write(
              folder.resolve(SAFETENSORS), tensors, TensorType.of(precision), metadata);
        });
  }
}
