package io.github.dnd4j.io;

import io.github.dnd4j.FileAccessException;
import io.github.dnd4j.internal.Checks;
import io.github.dnd4j.lora.LoraAdapter;
import io.github.dnd4j.lora.WeightPrecision;
import io.github.dnd4j.spi.AdapterFormat;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/**
 * The GGUF file of a LoRA adapter, which llama.cpp loads with {@code --lora} and Ollama with {@code
 * ADAPTER}.
 *
 * <pre>{@code
 * adapter.save(Path.of("my-adapter.gguf"), WeightPrecision.F16);
 * }</pre>
 *
 * <p>A is {@code blk.<layer>.<module>.weight.lora_a} ({@code [rank, in]}) and B {@code .lora_b}
 * ({@code [out, rank]}), for the architectures that {@link GgufArchitecture} lists. Which one it is
 * tell the module paths ({@code encoder.layer...} is BERT's) or the base model's name, which
 * contains {@code qwen2} or {@code llama}; else choose one by {@link #forArchitecture}. A Llama
 * needs its head size, to reorder the rows of B of its query and key projections; the file says it
 * in {@code llama.attention.key_length}, so that it can be read back.
 *
 * <p>A GGUF file has one alpha, and llama.cpp scales each module by alpha / rank. What that cannot
 * say is multiplied into B, so that {@code dW} stays what it is: alphas of single modules, and
 * rank-stabilized scales of single ranks. A rank-stabilized adapter of one rank is written with
 * {@code alpha * sqrt(r)} and untouched matrices. In 16 bits a B that was multiplied is rounded
 * once more, by at most 2^-9 (BF16) or 2^-12 (F16) of each number. The dropout rate is not kept;
 * neither is whether the adapter was rank-stabilized: read back, it has a plain alpha of the same
 * effect.
 *
 * <p>The adapter's metadata travels as texts of the file, under the same keys, which have to be
 * printable ASCII. Files that are read may have gaps in this: without {@code adapter.lora.alpha},
 * or with 0, the scale is 1, as llama.cpp takes it.
 */
public final class GgufFormat implements AdapterFormat {

  private static final String ENDING = ".gguf";

  private final GgufArchitecture architecture;

  /** Creates the format. {@link AdapterFormat} finds it by itself. */
  public GgufFormat() {
    this(null);
  }

  private GgufFormat(GgufArchitecture architecture) {
    this.architecture = architecture;
  }

  /**
   * The format for adapters of one architecture, whatever their base model is called.
   *
   * @param architecture the architecture of their base models
   * @return the format
   */
  public static GgufFormat forArchitecture(GgufArchitecture architecture) {
    return new GgufFormat(Checks.notNull(architecture, "architecture"));
  }

  @Override
  public String name() {
    return "gguf";
  }

  @Override
  public boolean accepts(Path destination) {
    String name = String.valueOf(Checks.notNull(destination, "destination").getFileName());
    return name.toLowerCase(Locale.ROOT).endsWith(ENDING);
  }

  @Override
  public boolean recognizes(Path source) {
    if (!Files.isRegularFile(Checks.notNull(source, "source"))) {
      return false;
    }
    try {
      return GgufFile.recognizes(PyTorchFile.startOf(source));
    } catch (IOException e) {
      throw new FileAccessException(
          "cannot read " + source + ": " + e + ". Check that the file may be read", e);
    }
  }

  /**
   * {@inheritDoc}
   *
   * @throws FileAccessException if the file is missing or unreadable
   * @throws io.github.dnd4j.FileFormatException if it is broken, a model and no adapter, of an
   *     architecture that is not known, or if a Llama's head size is needed and neither it nor
   *     {@link #forArchitecture} says it; the message names the file and the tensor
   */
  @Override
  public LoraAdapter read(Path source) {
    try (GgufFile file = GgufFile.open(source)) {
      return new GgufAdapterReader(file, architecture).read();
    }
  }

  /**
   * {@inheritDoc}
   *
   * @throws io.github.dnd4j.InvalidInputException if the architecture, a Llama's head size or a
   *     module's name in GGUF files is unknown
   * @throws FileAccessException if the file cannot be written
   */
  @Override
  public void write(LoraAdapter adapter, Path destination, WeightPrecision precision) {
    Checks.notNull(adapter, "adapter");
    Checks.notNull(precision, "precision");
    new GgufAdapterWriter(adapter, architectureOf(adapter), precision)
        .write(Checks.notNull(destination, "destination"));
  }

  private GgufArchitecture architectureOf(LoraAdapter adapter) {
    if (architecture != null) {
      return architecture;
    }
    String chosen = adapter.metadata().get(GgufKeys.CHOSEN_ARCHITECTURE);
    return chosen == null ? GgufArchitecture.of(adapter) : GgufArchitecture.of(chosen);
  }
}
