package io.github.dnd4j.io;

import io.github.dnd4j.InvalidInputException;
import io.github.dnd4j.ShapeMismatchException;
import io.github.dnd4j.internal.HostFloats;
import io.github.dnd4j.lora.LoraAdapter;
import io.github.dnd4j.lora.LoraConfig;
import io.github.dnd4j.lora.LoraModule;
import io.github.dnd4j.lora.WeightPrecision;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Writes one adapter as a GGUF file. */
final class GgufAdapterWriter {

  /** How repositories of models are called: an owner and a name. */
  private static final Pattern REPOSITORY =
      Pattern.compile("([A-Za-z0-9][A-Za-z0-9._-]*)/([A-Za-z0-9][A-Za-z0-9._-]*)");

  /** An alpha of 32 bits rounds the scale by this much; matrices are not touched for it. */
  private static final double ROUNDING = 0x1p-23;

  private final LoraAdapter adapter;
  private final GgufArchitecture architecture;
  private final TensorType type;
  private final GgufWriter writer = new GgufWriter();

  /** Matrices that were made for the file. */
  private final List<INDArray> own = new ArrayList<>();

  GgufAdapterWriter(LoraAdapter adapter, GgufArchitecture architecture, WeightPrecision precision) {
    this.adapter = adapter;
    this.architecture = architecture;
    this.type = TensorType.of(precision);
  }

  void write(Path file) {
    putMetadata();
    try {
      adapter.modules().forEach(this::add);
      writer.write(file);
    } finally {
      own.forEach(INDArray::close);
    }
  }

  private void putMetadata() {
    writer.put(GgufKeys.ARCHITECTURE, architecture.name());
    writer.put(GgufKeys.TYPE, GgufKeys.ADAPTER);
    if (!adapter.metadata().containsKey(GgufKeys.NAME) && !adapter.config().baseModel().isEmpty()) {
      writer.put(GgufKeys.NAME, defaultName(adapter.config().baseModel()));
    }
    putBaseModel(adapter.config().baseModel());
    writer.put(GgufKeys.FILE_TYPE, fileType());
    writer.put(GgufKeys.ADAPTER_TYPE, GgufKeys.LORA);
    writer.put(GgufKeys.ALPHA, alpha());
    if (architecture.headSize() != 0) {
      writer.put(GgufKeys.headSize(architecture), architecture.headSize());
    }
    adapter
        .metadata()
        .forEach(
            (key, value) -> {
              if (GgufKeys.isFreeText(key)) {
                writer.put(key, value);
              }
            });
  }

  static String defaultName(String baseModel) {
    return baseModel.substring(baseModel.lastIndexOf('/') + 1) + " LoRA";
  }

  private void putBaseModel(String base) {
    if (base.isEmpty()) {
      return;
    }
    writer.put(GgufKeys.BASE_COUNT, 1);
    Matcher repository = REPOSITORY.matcher(base);
    if (repository.matches()) {
      writer.put(GgufKeys.BASE_NAME, repository.group(2));
      writer.put(GgufKeys.BASE_ORGANIZATION, repository.group(1));
      writer.put(GgufKeys.BASE_URL, GgufKeys.HUB + base);
    } else {
      writer.put(GgufKeys.BASE_NAME, base);
    }
  }

  /** llama.cpp's number for files that are mostly of this type. */
  private int fileType() {
    return switch (type) {
      case F32 -> 0;
      case F16 -> 1;
      default -> 32;
    };
  }

  /**
   * The one alpha of the file, by which llama.cpp scales each module as alpha / rank: the
   * configuration's, times the root of the rank if rank-stabilized. Zero means no scaling there, so
   * that of an adapter without effect is its rank.
   */
  private float alpha() {
    LoraConfig config = adapter.config();
    double alpha = config.alpha() * (config.rankStabilized() ? Math.sqrt(config.rank()) : 1);
    boolean fits = Math.abs(alpha) >= Float.MIN_NORMAL && Math.abs(alpha) <= Float.MAX_VALUE;
    return fits ? (float) alpha : config.rank();
  }

  private void add(LoraModule module) {
    String name =
        architecture
            .tensorOf(module.path())
            .orElseThrow(
                () ->
                    new InvalidInputException(
                        "module "
                            + module.path()
                            + " has no name in GGUF files of the architecture "
                            + architecture));
    writer.add(name + ".lora_a", adapter.weights(module.path()).a(), type);
    writer.add(name + ".lora_b", b(module), type);
  }

  /** B in the order of GGUF's rows, with what the file's alpha lacks of the module's scale. */
  private INDArray b(LoraModule module) {
    INDArray b = adapter.weights(module.path()).b();
    double factor = adapter.config().scaleOf(module) * module.rank() / alpha();
    boolean scales = Math.abs(factor - 1) > ROUNDING;
    boolean reorders = architecture.reorders(module.path());
    if (!scales && !reorders) {
      return b;
    }
    float[] values = HostFloats.toArray(b);
    if (scales) {
      for (int i = 0; i < values.length; i++) {
        values[i] = (float) (values[i] * factor);
      }
    }
    if (reorders) {
      checkHeads(architecture, module.path(), module.out());
      values = reordered(values, module);
    }
    INDArray changed = HostFloats.toTensor(values, module.out(), module.rank());
    own.add(changed);
    return changed;
  }

  private float[] reordered(float[] values, LoraModule module) {
    float[] reordered = new float[values.length];
    for (int row = 0; row < module.out(); row++) {
      int from = architecture.sourceRow(row) * module.rank();
      System.arraycopy(values, from, reordered, row * module.rank(), module.rank());
    }
    return reordered;
  }

  static void checkHeads(GgufArchitecture architecture, String path, long rows) {
    if (architecture.headSize() == 0) {
      throw new InvalidInputException(
          path
              + ": the order of a Llama's query and key rows in GGUF files depends on its head"
              + " size, which the adapter does not tell: say it, with"
              + " GgufFormat.forArchitecture(GgufArchitecture.llama(64)) or dnd convert"
              + " --architecture llama:64");
    }
    if (rows % architecture.headSize() != 0) {
      throw new ShapeMismatchException(
          path
              + " has "
              + rows
              + " rows, which is no multiple of the head size "
              + architecture.headSize());
    }
  }
}
