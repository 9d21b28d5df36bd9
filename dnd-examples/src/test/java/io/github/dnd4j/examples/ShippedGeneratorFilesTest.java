package io.github.dnd4j.examples;

import static io.github.dnd4j.examples.CommandLineRun.dnd;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.dnd4j.DragAndDrop;
import io.github.dnd4j.io.TensorFile;
import io.github.dnd4j.io.TensorType;
import io.github.dnd4j.lora.LoraAdapter;
import io.github.dnd4j.lora.LoraTargets;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("The generator that is shipped")
class ShippedGeneratorFilesTest {

  private static final long LARGEST = 13_000_000;

  @TempDir private Path folder;

  @Test
  @DisplayName("is whole, small, in bfloat16, and makes adapters of all-MiniLM-L6-v2")
  void whole() throws IOException {
    try (ResourceFiles files = ShippedGenerator.unpack();
        DragAndDrop generator = DragAndDrop.load(files.folder());
        TensorFile weights = TensorFile.open(files.folder().resolve("decoder.safetensors"))) {
      assertThat(generator.target().modules()).isEqualTo(LoraTargets.MINILM_L6.modules());
      assertThat(weights.tensors().values())
          .isNotEmpty()
          .allMatch(tensor -> tensor.type() == TensorType.BF16);
      assertThat(Files.size(files.folder().resolve("decoder.safetensors"))).isLessThan(LARGEST);
    }
  }

  @Test
  @DisplayName("has a card that says what it was trained on and what it is not good for")
  void card() throws IOException {
    try (InputStream card =
        ShippedGenerator.class
            .getClassLoader()
            .getResourceAsStream(ShippedGenerator.RESOURCES + "/MODEL_CARD.md")) {
      assertThat(card).isNotNull();
      assertThat(new String(card.readAllBytes(), StandardCharsets.UTF_8))
          .contains("## Training data", "## Intended use", "## Limits");
    }
  }

  @Test
  @DisplayName("generates from a file of prompts by dnd generate --shipped")
  void generates() {
    // given
    Path out = folder.resolve("adapter");
    // when
    CommandLineRun run =
        dnd("generate", "--shipped", "--prompts", Path.of("prompts", "science.txt"), "--out", out);
    // then
    assertThat(run.exitCode()).as(run.err()).isZero();
    try (LoraAdapter adapter = LoraAdapter.load(out)) {
      assertThat(adapter.modules()).hasSameSizeAs(LoraTargets.MINILM_L6.modules());
    }
  }
}
