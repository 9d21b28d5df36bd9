package io.github.dnd4j.examples;

import io.github.dnd4j.InvalidInputException;
import io.github.dnd4j.io.TensorFile;
import io.github.dnd4j.lora.LoraAdapter;
import io.github.dnd4j.lora.LoraTarget;
import io.github.dnd4j.lora.LoraTargets;
import io.github.dnd4j.lora.ScaleEncoding;
import io.github.dnd4j.lora.WeightTokenizer;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.Callable;
import org.nd4j.linalg.api.ndarray.INDArray;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code dnd detokenize}: weight tokens as an adapter. */
@Command(name = "detokenize", description = "Turn weight tokens back into an adapter.")
final class DetokenizeCommand implements Callable<Integer> {

  @Parameters(
      paramLabel = "FILE",
      description = "Safetensors with the tensor 'tokens' [T,h,w], as dnd tokenize writes it.")
  private Path file;

  @Mixin private AdapterOutput output;

  @Option(
      names = "--target",
      paramLabel = "NAME",
      description = "The model: ${COMPLETION-CANDIDATES}.",
      completionCandidates = TargetNames.class)
  private String target;

  @Option(
      names = "--like",
      paramLabel = "ADAPTER",
      description = "Instead of --target: an adapter of the same model, rank and modules.")
  private Path like;

  @Mixin private TileOptions tileOptions;

  @Mixin private ScaleEncodingOptions scaleOptions;

  @Spec private CommandSpec spec;

  /** Created by picocli. */
  DetokenizeCommand() {}

  @Override
  public Integer call() {
    LoraTarget shapes = target();
    try (TensorFile tensors = TensorFile.open(file)) {
      ScaleEncoding encoding = scaleOptions.encodingOr(tensors.metadata());
      try (INDArray tokens = tensors.read(TokenizeCommand.TOKENS);
          LoraAdapter adapter =
              new WeightTokenizer(shapes, encoding).detokenize(tokens, Map.of())) {
        output.write(adapter);
        spec.commandLine().getOut().println(output.path() + ": " + adapter);
      }
    }
    return 0;
  }

  private LoraTarget target() {
    if ((target == null) == (like == null)) {
      throw new InvalidInputException("say the model by --target NAME or --like ADAPTER");
    }
    if (target != null) {
      return LoraTargets.byName(target);
    }
    try (LoraAdapter adapter = LoraAdapter.load(like)) {
      return tileOptions.targetOf(adapter);
    }
  }

  /** The targets' names, for the help text. */
  static final class TargetNames implements Iterable<String> {

    /** Created by picocli. */
    TargetNames() {}

    @Override
    public java.util.Iterator<String> iterator() {
      return LoraTargets.all().stream().map(LoraTarget::name).iterator();
    }
  }
}
