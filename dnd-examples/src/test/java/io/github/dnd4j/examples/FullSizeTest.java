package io.github.dnd4j.examples;

import static io.github.dnd4j.examples.CommandLineRun.dnd;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.dnd4j.io.TensorFile;
import io.github.dnd4j.io.TensorInfo;
import java.nio.file.Path;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("full-size")
@DisplayName("At full size")
class FullSizeTest {

  @Test
  @DisplayName("prompts become the 4,399,104 numbers of a Qwen2.5-0.5B adapter")
  void generate(@TempDir Path folder) {
    // when
    CommandLineRun run =
        dnd(
            "generate",
            "--preset",
            "qwen2.5-0.5b",
            "--untrained",
            "--prompts",
            Path.of("prompts", "science.txt"),
            "--out",
            folder.resolve("adapter"));
    // then
    assertThat(run.exitCode()).as(run.err()).isZero();
    try (TensorFile file =
        TensorFile.open(folder.resolve("adapter").resolve("adapter_model.safetensors"))) {
      assertThat(file.tensors()).hasSize(336);
      assertThat(file.tensors().values().stream().mapToLong(TensorInfo::length).sum())
          .isEqualTo(4_399_104);
      assertThat(file.tensors())
          .containsKey("base_model.model.model.layers.23.mlp.down_proj.lora_B.weight");
    }
  }
}
