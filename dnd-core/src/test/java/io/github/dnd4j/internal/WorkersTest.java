package io.github.dnd4j.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@DisplayName("Workers")
class WorkersTest {

  @ParameterizedTest(name = "{0} parts by {1} workers")
  @CsvSource({"0, 3", "1, 3", "2, 3", "100, 1", "100, 3"})
  @DisplayName("do each part once")
  void eachPartOnce(int parts, int threads) {
    // given
    AtomicIntegerArray done = new AtomicIntegerArray(parts);
    // when
    new Workers(threads)
        .run(
            parts,
            (part, worker) -> {
              assertThat(worker).isBetween(0, threads - 1);
              done.incrementAndGet(part);
            });
    // then
    for (int part = 0; part < parts; part++) {
      assertThat(done.get(part)).isEqualTo(1);
    }
  }

  @Test
  @DisplayName("work at the same time")
  void together() {
    // given parts that each wait for the other
    CountDownLatch both = new CountDownLatch(2);
    Set<Integer> workers = ConcurrentHashMap.newKeySet();
    // when
    new Workers(2)
        .run(
            2,
            (part, worker) -> {
              workers.add(worker);
              both.countDown();
              try {
                both.await();
              } catch (InterruptedException e) {
                throw new AssertionError(e);
              }
            });
    // then
    assertThat(workers).containsExactlyInAnyOrder(0, 1);
  }

  @ParameterizedTest(name = "part {0} of 50")
  @CsvSource({"0", "7", "49"})
  @DisplayName("hand on the error of a part")
  void error(int bad) {
    assertThatThrownBy(
            () ->
                new Workers(3)
                    .run(
                        50,
                        (part, worker) -> {
                          if (part == bad) {
                            throw new IllegalStateException("part " + part);
                          }
                        }))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("part " + bad);
  }

  @Test
  @DisplayName("finish when they are interrupted, and keep the interrupt for their caller")
  void interrupt() {
    // given
    Thread.currentThread().interrupt();
    AtomicIntegerArray done = new AtomicIntegerArray(20);
    // when
    new Workers(2).run(20, (part, worker) -> done.incrementAndGet(part));
    // then
    assertThat(Thread.interrupted()).isTrue();
    assertThat(done.toString()).doesNotContain("0");
  }
}
