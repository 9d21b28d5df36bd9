package io.github.dnd4j;

import static io.github.dnd4j.TestGenerator.PROMPTS;
import static io.github.dnd4j.TestGenerator.TARGET;
import static io.github.dnd4j.TestGenerator.numbers;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.dnd4j.lora.LoraAdapter;
import io.github.dnd4j.lora.ScaleEncoding;
import io.github.dnd4j.spi.GeneratorManifest;
import io.github.dnd4j.spi.WeightDecoder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Saving and loading, with a format and parts that the tests register as services. */
class GeneratorDirectoryTest {

  @TempDir private Path folder;

  private Path saved() {
    Path directory = folder.resolve("generator");
    try (DragAndDrop generator =
        TestGenerator.builder()
            .id("my-generator")
            .scaleEncoding(ScaleEncoding.log(4))
            .provenance(Map.of("data", "ARC"))
            .build()) {
      generator.save(directory);
    }
    return directory;
  }

  @Test
  void aLoadedGeneratorGivesTheSameAdapters() {
    // given
    Path directory = folder.resolve("generator");
    try (DragAndDrop generator = TestGenerator.builder().build();
        LoraAdapter expected = generator.generate(PROMPTS)) {
      generator.save(directory);

      // when
      try (DragAndDrop loaded = DragAndDrop.load(directory);
          LoraAdapter adapter = loaded.generate(PROMPTS)) {

        // then
        assertThat(numbers(adapter)).isEqualTo(numbers(expected));
        assertThat(loaded.target()).isEqualTo(TARGET);
        assertThat(loaded.fingerprint()).isEqualTo(generator.fingerprint());
      }
    }
  }

  @Test
  void theDirectoryHoldsBothFilesAndNothingElse() {
    assertThat(saved().toFile().list())
        .containsExactlyInAnyOrder("generator.json", "decoder.safetensors");
    assertThat(folder.toFile().list()).containsExactly("generator");
  }

  @Test
  void theDescriptionIsComplete() {
    GeneratorManifest manifest =
        new InMemoryGeneratorFormat().read(saved().resolve("generator.json"));

    assertThat(manifest.id()).isEqualTo("my-generator");
    assertThat(manifest.scaleEncoding()).isEqualTo(ScaleEncoding.log(4));
    assertThat(manifest.provenance()).containsExactly(Map.entry("data", "ARC"));
    assertThat(manifest.encoder()).isEqualTo(TestGenerator.encoder().spec());
    assertThat(manifest.target()).isEqualTo(TARGET);
    assertThat(Instant.parse(manifest.created())).isBeforeOrEqualTo(Instant.now());
    assertThat(manifest.created()).as("to the second").hasSize(20);
    try (WeightDecoder decoder = TestGenerator.decoder()) {
      assertThat(manifest.decoder()).isEqualTo(decoder.spec());
      assertThat(manifest.decoderFingerprint()).isEqualTo(decoder.fingerprint());
    }
  }

  @Test
  void adaptersOfALoadedGeneratorSayWhenItWasMade() {
    Path directory = saved();
    GeneratorManifest manifest =
        new InMemoryGeneratorFormat().read(directory.resolve("generator.json"));

    try (DragAndDrop loaded = DragAndDrop.load(directory);
        LoraAdapter adapter = loaded.generate(PROMPTS)) {
      assertThat(adapter.metadata())
          .containsEntry("dnd4j.generator", "my-generator")
          .containsEntry("dnd4j.generator_created", manifest.created());
    }
  }

  @Test
  void theListenerIsTheLoadersAndClosingClosesTheParts() {
    Path directory = saved();
    List<GenerationListener.Stage> finished = new ArrayList<>();
    GenerationListener listener =
        new GenerationListener() {
          @Override
          public void onStageFinished(Stage stage, Duration duration) {
            finished.add(stage);
          }
        };

    try (DragAndDrop loaded = DragAndDrop.load(directory, listener);
        LoraAdapter adapter = loaded.generate(PROMPTS)) {
      assertThat(adapter.modules()).hasSize(1);
    }

    assertThat(finished).containsExactly(GenerationListener.Stage.values());
    assertThat(HashEncoder.latest.closed).isEqualTo(1);
    assertThat(LinearDecoder.latest.closed).isEqualTo(1);
  }

  @Test
  void theCallersOwnEncoderIsTaken() {
    HashEncoder encoder = TestGenerator.encoder();

    try (DragAndDrop loaded = DragAndDrop.load(saved(), encoder);
        LoraAdapter adapter = loaded.generate(PROMPTS)) {
      assertThat(adapter.modules()).hasSize(1);
      assertThat(encoder.seen).isEqualTo(PROMPTS);
      assertThat(encoder.closed).isZero();
    }
    assertThat(encoder.closed).isEqualTo(1);
  }

  @Test
  void anotherEncoderIsRefusedAndClosed() {
    Path directory = saved();
    HashEncoder wrong = new HashEncoder(5);

    assertThatThrownBy(() -> DragAndDrop.load(directory, wrong))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining(directory + " was made with the encoder")
        .hasMessageContaining("dimension=4")
        .hasMessageContaining("dimension=5");
    assertThat(wrong.closed).isEqualTo(1);
  }

  @Test
  void weightsOfAnotherGeneratorAreRefusedAndEverythingClosed() throws IOException {
    Path directory = saved();
    Files.writeString(directory.resolve("decoder.safetensors"), "2");
    HashEncoder encoder = TestGenerator.encoder();

    assertThatThrownBy(() -> DragAndDrop.load(directory, encoder, GenerationListener.NONE))
        .isInstanceOf(FileFormatException.class)
        .hasMessageContaining(directory.resolve("decoder.safetensors").toString())
        .hasMessageContaining("is not the file that generator.json describes");
    assertThat(encoder.closed).isEqualTo(1);
    assertThat(LinearDecoder.latest.closed).isEqualTo(1);
  }

  @Test
  void missingWeightsAreAnErrorAndTheEncoderIsClosed() throws IOException {
    Path directory = saved();
    Files.delete(directory.resolve("decoder.safetensors"));

    assertThatThrownBy(() -> DragAndDrop.load(directory))
        .isInstanceOf(FileAccessException.class)
        .hasMessageContaining("decoder.safetensors");
    assertThat(HashEncoder.latest.closed).isEqualTo(1);
  }

  @Test
  void whatIsNoDirectoryIsNoGenerator() throws IOException {
    Path missing = folder.resolve("missing");
    Path file = Files.writeString(folder.resolve("file"), "");
    HashEncoder encoder = TestGenerator.encoder();

    assertThatThrownBy(() -> DragAndDrop.load(missing))
        .isInstanceOf(FileAccessException.class)
        .hasMessageContaining(missing + " is no generator directory");
    assertThatThrownBy(() -> DragAndDrop.load(file, encoder, GenerationListener.NONE))
        .isInstanceOf(FileAccessException.class)
        .hasMessageContaining(file + " is no generator directory");
    assertThat(encoder.closed).isEqualTo(1);
    assertThatThrownBy(() -> DragAndDrop.load(null))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("directory must not be null");
  }

  @Test
  void aMissingListenerIsRefusedBeforeAnythingIsOpened() {
    Path directory = saved();
    HashEncoder encoder = TestGenerator.encoder();

    assertThatThrownBy(() -> DragAndDrop.load(directory, encoder, (GenerationListener) null))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("listener must not be null");
    assertThat(encoder.closed).isEqualTo(1);
    assertThatThrownBy(() -> DragAndDrop.load(directory, (GenerationListener) null))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("listener must not be null");
    assertThat(HashEncoder.latest).as("no other was opened").isSameAs(encoder);
  }

  @Test
  void aDecoderWithoutACompactFormSaysSoAndTheEncoderIsClosed() {
    // given
    Path directory = saved();
    HashEncoder encoder = TestGenerator.encoder();
    LoadOptions compact = LoadOptions.defaults().withCompact(true);

    // when and then
    assertThatThrownBy(() -> DragAndDrop.load(directory, encoder, compact))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining(directory.resolve("decoder.safetensors").toString())
        .hasMessageContaining("'test-linear' have no compact form");
    assertThat(encoder.closed).isEqualTo(1);
  }

  @Test
  void missingOptionsAreRefused() {
    Path directory = saved();

    assertThatThrownBy(() -> DragAndDrop.load(directory, (LoadOptions) null))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("options must not be null");
  }

  @Test
  void savingWhereAFileIsIsRefused() throws IOException {
    Path file = Files.writeString(folder.resolve("file"), "mine");
    try (DragAndDrop generator = TestGenerator.builder().build()) {
      assertThatThrownBy(() -> generator.save(file)).isInstanceOf(FileAccessException.class);
    }
    assertThat(file).hasContent("mine");
  }

  @Test
  void aClosedGeneratorIsNotSaved() {
    DragAndDrop generator = TestGenerator.builder().build();
    generator.close();

    assertThatThrownBy(() -> generator.save(folder.resolve("generator")))
        .isInstanceOf(DragAndDropException.class)
        .hasMessageContaining("this generator is closed");
    assertThat(folder).isEmptyDirectory();
  }
}
