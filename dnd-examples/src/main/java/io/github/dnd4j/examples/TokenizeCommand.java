package io.github.dnd4j.examples;

import io.github.dnd4j.io.SafetensorsWriter;
import io.github.dnd4j.io.TensorType;
import io.github.dnd4j.lora.LoraAdapter;
import io.github.dnd4j.lora.LoraTarget;
import io.github.dnd4j.lora.ScaleEncoding;
import io.github.dnd4j.lora.WeightTokenizer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.Callable;
import org.nd4j.linalg.api.ndarray.INDArray;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code dnd tokenize}: an adapter as weight tokens. */
@Command(
    name = "tokenize",
    description = "Turn an adapter into weight tokens, the form in which a decoder generates it.")
final class TokenizeCommand implements Callable<Integer> {

  /** The tensor of a token file. */
  static final String TOKENS = "tokens";

  @Parameters(paramLabel = "ADAPTER", description = "A PEFT directory.")
  private Path adapter;

  @Option(
      names = "--out",
      required = true,
      paramLabel = "FILE",
      description = "Safetensors to write, with the tensor 'tokens' [T,h,w].")
  private Path out;

  @Mixin private TileOptions tileOptions;

  @Mixin private ScaleEncodingOptions scaleOptions;

  @Spec private CommandSpec spec;

  /** Created by picocli. */
  TokenizeCommand() {}

  @Override
  public Integer call() {
    ScaleEncoding encoding = scaleOptions.encoding();
    try (LoraAdapter opened = LoraAdapter.load(adapter)) {
      LoraTarget target = tileOptions.targetOf(opened);
      try (INDArray tokens = new WeightTokenizer(target, encoding).tokenize(opened)) {
        SafetensorsWriter.write(
            out, Map.of(TOKENS, tokens), TensorType.F32, ScaleEncodingOptions.toMetadata(encoding));
        spec.commandLine()
            .getOut()
            .println(out + ": " + TOKENS + " " + Arrays.toString(tokens.shape()));
      }
    }
    return 0;
  }
}
