package io.github.dnd4j.examples;

import io.github.dnd4j.InvalidInputException;
import io.github.dnd4j.decoder.FeatureShape;
import io.github.dnd4j.decoder.HyperConvConfig;
import io.github.dnd4j.decoder.LengthSqueeze;
import io.github.dnd4j.io.SafetensorsWriter;
import io.github.dnd4j.io.TensorFile;
import io.github.dnd4j.io.TensorType;
import io.github.dnd4j.spi.WeightDecoder;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.nd4j.linalg.api.ndarray.INDArray;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code dnd decode}: a raw condition to raw weight tokens. */
@Command(
    name = "decode",
    description = {
      "Decode a raw condition to weight tokens, for comparing with other implementations.",
      "The structure is a --preset, or --features with --kernel.",
      ""
    })
final class DecodeCommand implements Callable<Integer> {

  private static final String CONDITION = "condition";
  private static final String OUTPUT = "output";

  @Option(
      names = "--decoder",
      required = true,
      paramLabel = "FILE",
      description = "The decoder's weights: .pth or safetensors.")
  private Path decoder;

  @Mixin private DecoderOptions decoderOptions;

  @Mixin private WeightOptions weightOptions;

  @Option(
      names = "--features",
      paramLabel = "SHAPES",
      description = "The feature maps, for example \"(6,20,24) (8,16,18)\".")
  private String features;

  @Option(names = "--kernel", paramLabel = "K", description = "The kernel's size, odd.")
  private Integer kernel;

  @Option(
      names = "--squeeze",
      paramLabel = "VARIANT:LENGTH",
      description = "With --features: a length squeeze in front, for example permute:4608.")
  private String squeeze;

  @Option(
      names = "--condition",
      required = true,
      paramLabel = "FILE",
      description = "Safetensors with the tensor 'condition' [B,N,L,C].")
  private Path condition;

  @Option(
      names = "--out",
      required = true,
      paramLabel = "FILE",
      description = "Safetensors to write, with the tensor 'output' [B,T,h,w].")
  private Path out;

  @Spec private CommandSpec spec;

  /** Created by picocli. */
  DecodeCommand() {}

  @Override
  public Integer call() {
    HyperConvConfig config = config();
    try (TensorFile file = TensorFile.open(condition);
        INDArray conditions = file.read(CONDITION);
        WeightDecoder opened = weightOptions.load(decoder, config);
        Progress progress = new Progress();
        INDArray tokens = opened.decode(conditions, progress.task("decoding weights"))) {
      SafetensorsWriter.write(out, Map.of(OUTPUT, tokens), TensorType.F32, Map.of());
      spec.commandLine()
          .getOut()
          .println(out + ": " + OUTPUT + " " + Arrays.toString(tokens.shape()));
    }
    return 0;
  }

  private HyperConvConfig config() {
    boolean byPreset = decoderOptions.preset != null;
    boolean byFeatures = features != null && kernel != null;
    if (byPreset == byFeatures) {
      throw new InvalidInputException(
          "say the structure by --preset, or by --features and --kernel");
    }
    return byPreset
        ? decoderOptions.config()
        : new HyperConvConfig(
            FeatureShape.parseAll(features),
            kernel,
            Optional.ofNullable(squeeze).map(LengthSqueeze::parse));
  }
}
