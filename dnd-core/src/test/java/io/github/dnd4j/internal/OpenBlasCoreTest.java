package io.github.dnd4j.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.util.Set;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@DisplayName("OpenBLAS's choice of kernels")
class OpenBlasCoreTest {

  private static final String AVX512 = "sse2 avx2 avx512f avx512bw avx512cd avx512dq avx512vl";

  @ParameterizedTest
  @CsvSource({
    "Barcelona, sse2 avx avx2 fma, AVX2, Haswell, several times slower",
    "Prescott, avx2, AVX2, Haswell, several times slower",
    "Sandybridge, avx2, AVX2, Haswell, several times slower",
    "Barcelona, " + AVX512 + ", AVX-512, SkylakeX, several times slower",
    "Haswell, " + AVX512 + ", AVX-512, SkylakeX, up to twice as slow",
    "Zen, " + AVX512 + ", AVX-512, SkylakeX, up to twice as slow"
  })
  @DisplayName("is complained of if the CPU can do better, with what to do")
  void slow(String core, String flags, String able, String remedy, String cost) {
    assertThat(OpenBlasCore.complaint(core, Set.of(flags.split(" "))))
        .hasValueSatisfying(
            message ->
                assertThat(message)
                    .contains("of the kind " + core + ", but it has " + able + ":", cost)
                    .contains("OPENBLAS_CORETYPE=" + remedy + " ", "openblas:0.3.31-1.5.13"));
  }

  @ParameterizedTest
  @CsvSource({
    "Haswell, sse2 avx2 fma",
    "Zen, sse2 avx2 fma",
    "Haswell, avx2 avx512f avx512cd avx512er avx512pf", // a Xeon Phi has no use for SkylakeX's
    "SkylakeX, " + AVX512,
    "SapphireRapids, " + AVX512,
    "Barcelona, sse2 sse3",
    "Sandybridge, sse2 avx",
    "ARMV8, avx2",
    "Barcelona, unknown"
  })
  @DisplayName("is left alone if it fits the CPU, or if that cannot be told")
  void fits(String core, String flags) {
    assertThat(OpenBlasCore.complaint(core, Set.of(flags.split(" ")))).isEmpty();
  }

  @Test
  @DisplayName("can be asked for of the OpenBLAS that runs here")
  void name() {
    // given
    assumeThat(System.getProperty("os.arch")).isEqualTo("amd64");
    assumeThat(BlasThreads.available()).isTrue();
    // when and then
    assertThat(OpenBlasCore.name()).isPresent();
  }

  @Test
  @DisplayName("tells whether small products are taken as they lie in memory")
  void smallProducts() {
    // given
    assumeThat(System.getProperty("os.arch")).isEqualTo("amd64");
    assumeThat(BlasThreads.available()).isTrue();
    // when
    boolean haswell = OpenBlasCore.name().filter("Haswell"::equals).isPresent();
    boolean skylake = OpenBlasCore.name().filter("SkylakeX"::equals).isPresent();
    // then
    if (haswell) {
      assertThat(Gemm.smallProduct()).isZero();
    }
    if (skylake) {
      assertThat(Gemm.smallProduct()).isEqualTo(1_000_000);
    }
  }
}
