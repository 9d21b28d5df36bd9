package io.github.dnd4j;

import static io.github.dnd4j.TestGenerator.PROMPTS;
import static io.github.dnd4j.TestGenerator.TARGET;
import static io.github.dnd4j.TestGenerator.TOKENS;
import static io.github.dnd4j.TestGenerator.numbers;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.dnd4j.internal.Hashes;
import io.github.dnd4j.internal.HostFloats;
import io.github.dnd4j.internal.LibraryVersion;
import io.github.dnd4j.lora.LoraAdapter;
import io.github.dnd4j.lora.LoraTarget;
import io.github.dnd4j.lora.LoraTargets;
import io.github.dnd4j.lora.ScaleEncoding;
import io.github.dnd4j.lora.WeightTokenizer;
import io.github.dnd4j.spi.ConditionShape;
import io.github.dnd4j.spi.ProgressListener;
import io.github.dnd4j.spi.TokenShape;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.ndarray.INDArray;

class DragAndDropTest {

  private static final List<String> MANY =
      IntStream.range(0, 50).mapToObj(i -> "prompt " + i).toList();

  @Nested
  class Generating {

    @Test
    void anAdapterIsTheDecodersTokensOfTheEncodedPrompts() {
      // given
      HashEncoder encoder = TestGenerator.encoder();
      LinearDecoder decoder = TestGenerator.decoder();
      WeightTokenizer tokenizer = new WeightTokenizer(TARGET, ScaleEncoding.reference());
      try (DragAndDrop generator =
              DragAndDrop.builder().encoder(encoder).decoder(decoder).target(TARGET).build();
          INDArray condition = encoder.encode(PROMPTS, 2, ProgressListener.NONE);
          INDArray tokens =
              decoder.decode(condition.reshape('c', 1, 3, 2, 4), ProgressListener.NONE);
          LoraAdapter expected = tokenizer.detokenize(tokens.reshape('c', 3, 4, 6), Map.of())) {

        // when
        try (LoraAdapter adapter = generator.generate(PROMPTS)) {

          // then
          assertThat(adapter.config()).isEqualTo(TARGET.config());
          assertThat(adapter.modules()).isEqualTo(TARGET.modules());
          assertThat(numbers(adapter)).isEqualTo(numbers(expected));
        }
      }
    }

    @Test
    void theConditionAndTheTokensAreFreed() {
      HashEncoder encoder = TestGenerator.encoder();
      LinearDecoder decoder = TestGenerator.decoder();
      try (DragAndDrop generator =
              DragAndDrop.builder().encoder(encoder).decoder(decoder).target(TARGET).build();
          LoraAdapter adapter = generator.generate(PROMPTS)) {
        assertThat(adapter.parameterCount()).isEqualTo(24);
        assertThat(encoder.given).singleElement().satisfies(c -> assertFreed(c));
        assertThat(decoder.given).singleElement().satisfies(t -> assertFreed(t));
      }
    }

    @Test
    void manyTasksComeOutInOrderAsOneByOne() {
      // given six tasks, more than go through the decoder together
      HashEncoder encoder = TestGenerator.encoder();
      LinearDecoder decoder = TestGenerator.decoder();
      List<List<String>> tasks =
          IntStream.range(0, 6).mapToObj(i -> List.of("task " + i, "its second prompt")).toList();
      List<List<Float>> results = new ArrayList<>();
      try (DragAndDrop generator =
          DragAndDrop.builder().encoder(encoder).decoder(decoder).target(TARGET).build()) {
        // when
        generator.generateAll(
            tasks,
            GenerationOptions.defaults(),
            adapter -> {
              try (adapter) {
                results.add(numbers(adapter));
              }
            });
        // then
        assertThat(decoder.given).hasSize(2).allSatisfy(tokens -> assertFreed(tokens));
        assertThat(encoder.given).hasSize(6).allSatisfy(condition -> assertFreed(condition));
        assertThat(results).hasSize(6);
        for (int i = 0; i < 6; i++) {
          try (LoraAdapter alone = generator.generate(tasks.get(i))) {
            assertThat(results.get(i)).isEqualTo(numbers(alone));
          }
        }
      }
    }

    @Test
    void aBadTaskAmongManyIsNamedAndNothingLeaks() {
      // given a second task without prompts
      HashEncoder encoder = TestGenerator.encoder();
      try (DragAndDrop generator = TestGenerator.builder().encoder(encoder).build()) {
        // when, then
        assertThatThrownBy(
                () ->
                    generator.generateAll(
                        List.of(PROMPTS, List.of()),
                        GenerationOptions.defaults(),
                        LoraAdapter::close))
            .isInstanceOf(InvalidInputException.class)
            .hasMessageContaining("prompt set 2: ");
        assertThat(encoder.given).isEmpty();
      }
    }

    @Test
    void theScaleEncodingIsTheBuilders() {
      try (DragAndDrop reference = TestGenerator.builder().build();
          DragAndDrop log = TestGenerator.builder().scaleEncoding(ScaleEncoding.log(4.5)).build();
          LoraAdapter one = reference.generate(PROMPTS);
          LoraAdapter other = log.generate(PROMPTS)) {
        assertThat(numbers(one)).isNotEqualTo(numbers(other));
        assertThat(reference.fingerprint()).isNotEqualTo(log.fingerprint());
      }
    }

    @Test
    void fewerPromptsAreRepeatedInTurn() {
      HashEncoder encoder = TestGenerator.encoder();
      try (DragAndDrop generator = TestGenerator.builder().encoder(encoder).build();
          LoraAdapter adapter = generator.generate(List.of("one", "two"))) {
        assertThat(encoder.seen).containsExactly("one", "two", "one");
        assertThat(adapter.metadata()).containsEntry("dnd4j.prompts", "2");
      }
    }

    @Test
    void ofMorePromptsTheSeedDecides() {
      try (DragAndDrop generator = TestGenerator.builder().build();
          LoraAdapter first = generator.generate(MANY, GenerationOptions.defaults().withSeed(1));
          LoraAdapter again = generator.generate(MANY, GenerationOptions.defaults().withSeed(1));
          LoraAdapter other = generator.generate(MANY, GenerationOptions.defaults().withSeed(2))) {
        assertThat(numbers(again)).isEqualTo(numbers(first));
        assertThat(again.metadata()).isEqualTo(first.metadata());
        assertThat(numbers(other)).isNotEqualTo(numbers(first));
      }
    }

    @Test
    void theDefaultSeedIsZero() {
      try (DragAndDrop generator = TestGenerator.builder().build();
          LoraAdapter byDefault = generator.generate(MANY);
          LoraAdapter seeded = generator.generate(MANY, GenerationOptions.defaults().withSeed(0))) {
        assertThat(numbers(byDefault)).isEqualTo(numbers(seeded));
      }
    }

    @Test
    void theAdapterSaysWhereItComesFrom() {
      try (DragAndDrop generator = TestGenerator.builder().id("my-generator").build();
          LoraAdapter adapter =
              generator.generate(PROMPTS, GenerationOptions.defaults().withSeed(7))) {
        assertThat(adapter.metadata())
            .containsExactlyInAnyOrderEntriesOf(
                Map.of(
                    "dnd4j.version",
                    LibraryVersion.VERSION,
                    "dnd4j.generator",
                    "my-generator",
                    "dnd4j.generator_sha256",
                    generator.fingerprint(),
                    "dnd4j.seed",
                    "7",
                    "dnd4j.prompts",
                    "3",
                    "dnd4j.prompts_sha256",
                    Hashes.sha256(PROMPTS)));
      }
    }

    @Test
    void withoutANameItIsCalledAsItsTarget() {
      try (DragAndDrop generator = TestGenerator.builder().build();
          LoraAdapter adapter = generator.generate(PROMPTS)) {
        assertThat(adapter.metadata()).containsEntry("dnd4j.generator", "tiny");
        assertThat(generator.target()).isEqualTo(TARGET);
        assertThat(generator.conditionShape()).isEqualTo(new ConditionShape(3, 2, 4));
      }
    }

    @Test
    void theFingerprintDependsOnAllThatResultsDependOn() {
      try (DragAndDrop generator = TestGenerator.builder().build();
          DragAndDrop same = TestGenerator.builder().id("another name").build();
          DragAndDrop otherWeights =
              TestGenerator.builder().decoder(new LinearDecoder(TOKENS, 2)).build();
          DragAndDrop otherBase =
              TestGenerator.builder().target(TARGET.withBaseModel("other/base")).build()) {
        assertThat(generator.fingerprint())
            .matches("[0-9a-f]{64}")
            .isEqualTo(same.fingerprint())
            .isNotEqualTo(otherWeights.fingerprint())
            .isNotEqualTo(otherBase.fingerprint());
      }
    }

    @Test
    void theListenerHearsTheStagesInOrder() {
      // given
      List<String> heard = new ArrayList<>();
      GenerationListener listener =
          new GenerationListener() {
            @Override
            public void onProgress(Stage stage, long done, long total) {
              heard.add(stage + " " + done + "/" + total);
            }

            @Override
            public void onStageFinished(Stage stage, Duration duration) {
              assertThat(duration).isPositive();
              heard.add(stage + " finished");
            }
          };

      // when
      try (DragAndDrop generator = TestGenerator.builder().listener(listener).build();
          LoraAdapter adapter = generator.generate(PROMPTS)) {

        // then
        assertThat(adapter.modules()).hasSize(1);
        assertThat(heard)
            .containsExactly(
                "ENCODE 1/3",
                "ENCODE 2/3",
                "ENCODE 3/3",
                "ENCODE finished",
                "DECODE 1/1",
                "DECODE finished",
                "DETOKENIZE finished");
      }
    }

    @Test
    void aListenerThatThrowsStopsTheGenerationWithoutALeak() {
      HashEncoder encoder = TestGenerator.encoder();
      LinearDecoder decoder = TestGenerator.decoder();
      IllegalStateException stop = new IllegalStateException("that is enough");
      GenerationListener listener =
          new GenerationListener() {
            @Override
            public void onStageFinished(Stage stage, Duration duration) {
              if (stage == Stage.DECODE) {
                throw stop;
              }
            }
          };
      try (DragAndDrop generator =
          DragAndDrop.builder()
              .encoder(encoder)
              .decoder(decoder)
              .target(TARGET)
              .listener(listener)
              .build()) {
        assertThatThrownBy(() -> generator.generate(PROMPTS)).isSameAs(stop);
        assertThat(encoder.given).singleElement().satisfies(c -> assertFreed(c));
        assertThat(decoder.given).singleElement().satisfies(t -> assertFreed(t));
      }
    }
  }

  @Nested
  class Prompts {

    private void assertRefused(List<String> prompts, String message) {
      HashEncoder encoder = TestGenerator.encoder();
      try (DragAndDrop generator = TestGenerator.builder().encoder(encoder).build()) {
        assertThatThrownBy(() -> generator.generate(prompts))
            .isInstanceOf(InvalidInputException.class)
            .hasMessageContaining(message);
        assertThat(encoder.given).as("conditions made for nothing").isEmpty();
      }
    }

    @Test
    void atLeastOneIsNeeded() {
      assertRefused(List.of(), "no prompts");
      assertRefused(null, "no prompts");
    }

    @Test
    void aBlankOneIsNamed() {
      assertRefused(List.of("one", "two", " \n"), "prompt 3 of 3 is blank");
    }

    @Test
    void aMissingOneIsNamed() {
      assertRefused(Arrays.asList("one", null, "three"), "prompt 2 of 3 is null");
    }

    @Test
    void blankOnesBeyondThoseThatAreDrawnAreNamedToo() {
      List<String> prompts = new ArrayList<>(MANY);
      prompts.set(49, "");
      assertRefused(prompts, "prompt 50 of 50 is blank");
    }
  }

  @Nested
  class Building {

    @Test
    void anEncoderOfAnotherWidthDoesNotFitTheDecoder() {
      HashEncoder encoder = new HashEncoder(5);
      LinearDecoder decoder = TestGenerator.decoder();

      assertThatThrownBy(
              () -> DragAndDrop.builder().encoder(encoder).decoder(decoder).target(TARGET).build())
          .isInstanceOf(ShapeMismatchException.class)
          .hasMessageContaining("width 5")
          .hasMessageContaining("[prompts, tokens, width] = [3, 2, 4]");
      assertThat(encoder.closed).isEqualTo(1);
      assertThat(decoder.closed).isEqualTo(1);
    }

    @Test
    void aDecoderOfAnotherGridDoesNotFitTheTarget() {
      HashEncoder encoder = TestGenerator.encoder();
      LinearDecoder decoder = new LinearDecoder(new TokenShape(3, 4, 8), 1);

      assertThatThrownBy(
              () -> DragAndDrop.builder().encoder(encoder).decoder(decoder).target(TARGET).build())
          .isInstanceOf(ShapeMismatchException.class)
          .hasMessageContaining("[tokens, height, width] = [3, 4, 8]")
          .hasMessageContaining("target tiny needs [3, 4, 6]");
      assertThat(encoder.closed).isEqualTo(1);
      assertThat(decoder.closed).isEqualTo(1);
    }

    @Test
    void everyPartIsRequired() {
      HashEncoder encoder = TestGenerator.encoder();
      LinearDecoder decoder = TestGenerator.decoder();

      assertThatThrownBy(() -> DragAndDrop.builder().decoder(decoder).target(TARGET).build())
          .isInstanceOf(InvalidInputException.class)
          .hasMessageContaining("call encoder(...) before build()");
      assertThatThrownBy(() -> DragAndDrop.builder().encoder(encoder).target(TARGET).build())
          .isInstanceOf(InvalidInputException.class)
          .hasMessageContaining("call decoder(...) before build()");
      assertThat(encoder.closed).isEqualTo(1);
      assertThat(decoder.closed).isEqualTo(1);
      assertThatThrownBy(() -> TestGenerator.builder().target(null).build())
          .isInstanceOf(InvalidInputException.class)
          .hasMessageContaining("call target(...) before build()");
    }

    @Test
    void aSecondGeneratorDoesNotShareThePartsOfTheFirst() {
      DragAndDrop.Builder builder = TestGenerator.builder();
      try (DragAndDrop first = builder.build()) {
        assertThatThrownBy(builder::build)
            .isInstanceOf(InvalidInputException.class)
            .hasMessageContaining("call encoder(...)");
        try (LoraAdapter adapter = first.generate(PROMPTS)) {
          assertThat(adapter.modules()).hasSize(1);
        }
      }
    }

    @Test
    void anEncoderThatCannotBeClosedDoesNotHideTheError() {
      IllegalStateException stuck = new IllegalStateException("stuck");
      HashEncoder encoder =
          new HashEncoder(5) {
            @Override
            public void close() {
              throw stuck;
            }
          };
      LinearDecoder decoder = TestGenerator.decoder();

      assertThatThrownBy(
              () -> DragAndDrop.builder().encoder(encoder).decoder(decoder).target(TARGET).build())
          .isInstanceOf(ShapeMismatchException.class)
          .hasSuppressedException(stuck);
      assertThat(decoder.closed).isEqualTo(1);
    }

    @Test
    void settingsAreChecked() {
      DragAndDrop.Builder builder = DragAndDrop.builder();
      Map<String, String> withNull = new HashMap<>();
      withNull.put("data", null);

      assertThatThrownBy(() -> builder.scaleEncoding(null))
          .isInstanceOf(InvalidInputException.class)
          .hasMessageContaining("scaleEncoding");
      assertThatThrownBy(() -> builder.listener(null))
          .isInstanceOf(InvalidInputException.class)
          .hasMessageContaining("listener");
      assertThatThrownBy(() -> builder.id(" "))
          .isInstanceOf(InvalidInputException.class)
          .hasMessageContaining("id must not be blank");
      assertThatThrownBy(() -> builder.provenance(withNull))
          .isInstanceOf(InvalidInputException.class)
          .hasMessageContaining("provenance of data must not be null");
    }

    @Test
    void aRealTargetAndASmallDecoderAreToldApart() {
      LoraTarget qwen = LoraTargets.QWEN25_0_5B;
      assertThatThrownBy(() -> TestGenerator.builder().target(qwen).build())
          .isInstanceOf(ShapeMismatchException.class)
          .hasMessageContaining("[3, 4, 6]")
          .hasMessageContaining("[4296, 10, 130]");
    }
  }

  @Nested
  class Closing {

    @Test
    void bothPartsAreClosedOnce() {
      HashEncoder encoder = TestGenerator.encoder();
      LinearDecoder decoder = TestGenerator.decoder();
      DragAndDrop generator =
          DragAndDrop.builder().encoder(encoder).decoder(decoder).target(TARGET).build();

      generator.close();
      generator.close();

      assertThat(encoder.closed).isEqualTo(1);
      assertThat(decoder.closed).isEqualTo(1);
    }

    @Test
    void theEncoderIsClosedEvenIfTheDecoderCannotBe() {
      HashEncoder encoder = TestGenerator.encoder();
      IllegalStateException stuck = new IllegalStateException("stuck");
      LinearDecoder decoder =
          new LinearDecoder(TOKENS, 1) {
            @Override
            public void close() {
              super.close();
              throw stuck;
            }
          };
      DragAndDrop generator =
          DragAndDrop.builder().encoder(encoder).decoder(decoder).target(TARGET).build();

      assertThatThrownBy(generator::close).isSameAs(stuck);
      assertThat(encoder.closed).isEqualTo(1);
    }

    @Test
    void aClosedGeneratorSaysSo() {
      DragAndDrop generator = TestGenerator.builder().build();
      generator.close();

      assertThatThrownBy(() -> generator.generate(PROMPTS))
          .isInstanceOf(DragAndDropException.class)
          .hasMessageContaining("this generator is closed");
      assertThatThrownBy(generator::fingerprint)
          .isInstanceOf(DragAndDropException.class)
          .hasMessageContaining("this generator is closed");
      assertThatThrownBy(generator::conditionShape)
          .isInstanceOf(DragAndDropException.class)
          .hasMessageContaining("this generator is closed");
    }

    @Test
    void adaptersOutliveTheirGenerator() {
      LoraAdapter adapter;
      try (DragAndDrop generator = TestGenerator.builder().build()) {
        adapter = generator.generate(PROMPTS);
      }
      assertThat(numbers(adapter)).hasSize(24).doesNotContain(Float.NaN);
      adapter.close();
    }
  }

  @Nested
  class UsedBySeveralThreads {

    @Test
    void aThreadEncodesWhileAnotherDecodes() {
      // given a decoder that waits until the prompts of another call have been encoded
      CountDownLatch bothEncoded = new CountDownLatch(2);
      HashEncoder encoder =
          new HashEncoder(4) {
            @Override
            public synchronized INDArray encode(
                List<String> prompts, int textLength, ProgressListener progress) {
              INDArray condition = super.encode(prompts, textLength, progress);
              bothEncoded.countDown();
              return condition;
            }
          };
      LinearDecoder decoder =
          new LinearDecoder(TOKENS, 1) {
            @Override
            public synchronized INDArray decode(INDArray conditions, ProgressListener progress) {
              await(bothEncoded);
              return super.decode(conditions, progress);
            }
          };
      List<String> others = List.of("four", "five", "six");
      try (DragAndDrop generator =
              DragAndDrop.builder().encoder(encoder).decoder(decoder).target(TARGET).build();
          DragAndDrop alone = TestGenerator.builder().build();
          LoraAdapter expected = alone.generate(PROMPTS);
          LoraAdapter expectedOther = alone.generate(others)) {

        // when
        CompletableFuture<LoraAdapter> other =
            CompletableFuture.supplyAsync(() -> generator.generate(others));
        try (LoraAdapter adapter = generator.generate(PROMPTS);
            LoraAdapter otherAdapter = other.join()) {

          // then each has what it would have alone
          assertThat(numbers(adapter)).isEqualTo(numbers(expected));
          assertThat(numbers(otherAdapter)).isEqualTo(numbers(expectedOther));
        }
      }
    }

    private static void await(CountDownLatch latch) {
      try {
        assertThat(latch.await(30, TimeUnit.SECONDS)).as("both have been encoded").isTrue();
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }
  }

  @Nested
  class Failing {

    @Test
    void anInterruptedThreadDoesNotGenerate() {
      try (DragAndDrop generator = TestGenerator.builder().build()) {
        Thread.currentThread().interrupt();

        assertThatThrownBy(() -> generator.generate(PROMPTS))
            .isInstanceOf(DragAndDropException.class)
            .hasMessageContaining("interrupted before the stage ENCODE");
        assertThat(Thread.interrupted()).as("the flag is the caller's to clear").isTrue();
      }
    }

    @Test
    void anInterruptWhileEncodingStopsBeforeDecoding() {
      HashEncoder encoder = TestGenerator.encoder();
      GenerationListener interrupting =
          new GenerationListener() {
            @Override
            public void onProgress(Stage stage, long done, long total) {
              Thread.currentThread().interrupt();
            }
          };
      try (DragAndDrop generator =
          TestGenerator.builder().encoder(encoder).listener(interrupting).build()) {
        assertThatThrownBy(() -> generator.generate(PROMPTS))
            .isInstanceOf(DragAndDropException.class)
            .hasMessageContaining("interrupted before the stage DECODE");
        assertThat(Thread.interrupted()).isTrue();
        assertThat(encoder.given).singleElement().satisfies(c -> assertFreed(c));
      }
    }

    @Test
    void aNanOfTheDecoderIsAClearError() {
      LinearDecoder decoder =
          new LinearDecoder(TOKENS, 1) {
            @Override
            public INDArray decode(INDArray conditions, ProgressListener progress) {
              return super.decode(conditions, progress)
                  .putScalar(new long[] {0, 1, 0, 3}, Float.NaN);
            }
          };
      try (DragAndDrop generator = TestGenerator.builder().decoder(decoder).build()) {
        assertThatThrownBy(() -> generator.generate(PROMPTS))
            .isInstanceOf(DragAndDropException.class)
            .hasMessageContaining("weight token 1 (layers.0.up_proj.lora_A, tile 1)")
            .hasMessageContaining("NaN or infinite");
        assertThat(decoder.given).singleElement().satisfies(t -> assertFreed(t));
      }
    }

    @Test
    void anEncoderThatBreaksItsPromiseIsTold() {
      HashEncoder encoder =
          new HashEncoder(4) {
            @Override
            public INDArray encode(List<String> prompts, int length, ProgressListener progress) {
              return HostFloats.uninitialized(prompts.size(), length + 1, 4);
            }
          };
      try (DragAndDrop generator = TestGenerator.builder().encoder(encoder).build()) {
        assertThatThrownBy(() -> generator.generate(PROMPTS))
            .isInstanceOf(ShapeMismatchException.class)
            .hasMessageContaining("what the encoder gives must have the shape [3, 2, 4]")
            .hasMessageContaining("[3, 3, 4]");
      }
    }

    @Test
    void aDecoderThatBreaksItsPromiseIsTold() {
      LinearDecoder decoder =
          new LinearDecoder(TOKENS, 1) {
            @Override
            public INDArray decode(INDArray conditions, ProgressListener progress) {
              return HostFloats.uninitialized(3, 4, 6);
            }
          };
      try (DragAndDrop generator = TestGenerator.builder().decoder(decoder).build()) {
        assertThatThrownBy(() -> generator.generate(PROMPTS))
            .isInstanceOf(ShapeMismatchException.class)
            .hasMessageContaining("what the decoder gives must have the shape [1, 3, 4, 6]");
      }
    }

    @Test
    void nativeMemoryThatRanOutIsExplained() {
      OutOfMemoryError error =
          new OutOfMemoryError(
              "Physical memory usage is too high: physicalBytes (13G) > maxPhysicalBytes (12G)");
      try (DragAndDrop generator = TestGenerator.builder().decoder(failing(error)).build()) {
        assertThatThrownBy(() -> generator.generate(PROMPTS))
            .isInstanceOf(NativeMemoryException.class)
            .hasMessageContaining("generating an adapter ran out of native memory")
            .hasMessageContaining("-Dorg.bytedeco.javacpp.maxphysicalbytes")
            .hasCause(error);
      }
    }

    @Test
    void aHeapThatRanOutStaysWhatItIs() {
      OutOfMemoryError error = new OutOfMemoryError("Java heap space");
      try (DragAndDrop generator = TestGenerator.builder().decoder(failing(error)).build()) {
        assertThatThrownBy(() -> generator.generate(PROMPTS)).isSameAs(error);
      }
    }

    private LinearDecoder failing(Error error) {
      return new LinearDecoder(TOKENS, 1) {
        @Override
        public INDArray decode(INDArray conditions, ProgressListener progress) {
          throw error;
        }
      };
    }
  }

  private static void assertFreed(INDArray array) {
    assertThat(array.wasClosed()).as("freed").isTrue();
  }
}
