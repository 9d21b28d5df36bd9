package io.github.dnd4j.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.dnd4j.DragAndDropException;
import io.github.dnd4j.internal.HostFloats;
import io.github.dnd4j.spi.ComponentSpec;
import io.github.dnd4j.spi.ProgressListener;
import io.github.dnd4j.spi.PromptEncoder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.api.ndarray.INDArray;

@DisplayName("Prefetching training batches")
@Timeout(60)
class BatchPrefetcherTest {

  private static final int LENGTH = 3;
  private static final int DIMENSION = 4;

  /** An encoder that may be held up or fail, and whose tensors are remembered. */
  private static final class GatedEncoder implements PromptEncoder {

    private final HashEncoder encoder = new HashEncoder("gated", DIMENSION);
    private final CountDownLatch started = new CountDownLatch(1);
    private final Semaphore gate;
    private RuntimeException failure;

    private GatedEncoder(int open) {
      this.gate = new Semaphore(open);
    }

    @Override
    public int dimension() {
      return DIMENSION;
    }

    @Override
    public INDArray encode(List<String> prompts, int textLength, ProgressListener progress) {
      started.countDown();
      gate.acquireUninterruptibly(); // as native code does not notice interruptions
      if (failure != null) {
        throw failure;
      }
      return encoder.encode(prompts, textLength, progress);
    }

    @Override
    public ComponentSpec spec() {
      return encoder.spec();
    }

    @Override
    public void close() {}
  }

  @TempDir private Path folder;

  private final GatedEncoder encoder = new GatedEncoder(Integer.MAX_VALUE);
  private PromptCheckpointDataset dataset;
  private final List<AutoCloseable> open = new ArrayList<>();

  @BeforeEach
  void write() {
    dataset = PromptCheckpointDataset.of(List.of(SmallWorld.task(folder, "a", 10, 3, 1)));
  }

  @AfterEach
  void close() throws Exception {
    for (AutoCloseable each : open) {
      each.close();
    }
  }

  private BatchAssembler assembler(PromptEncoder texts) {
    ConditionCache cache = ConditionCache.open(texts, LENGTH, 1 << 20, null);
    open.add(cache);
    return new BatchAssembler(
        dataset,
        cache,
        SmallWorld.TARGET,
        SmallWorld.ENCODING,
        4,
        new BatchSettings(
            ConditionForm.prompts(), TaskMixing.OFF, 0.1, 0.1, 0, BadCheckpoints.STOP, 5),
        1 << 20,
        (path, e) -> {});
  }

  @Test
  @DisplayName("gives the batches in order, and then no more")
  void order() {
    try (BatchAssembler reference = assembler(encoder);
        BatchAssembler assembler = assembler(encoder);
        // when from item 4
        BatchPrefetcher prefetcher = new BatchPrefetcher(assembler, 4, 2, 5)) {
      // then
      for (int i = 0; i < 5; i++) {
        try (TrainingBatch batch = prefetcher.next();
            TrainingBatch expected = reference.assemble(4 + 2 * i, 2)) {
          assertThat(HostFloats.toArray(batch.conditions()))
              .containsExactly(HostFloats.toArray(expected.conditions()));
          assertThat(HostFloats.toArray(batch.targets()))
              .containsExactly(HostFloats.toArray(expected.targets()));
        }
      }
      assertThatThrownBy(prefetcher::next)
          .isInstanceOf(DragAndDropException.class)
          .hasMessageContaining("all 5 training batches");
    }
  }

  @Test
  @DisplayName("throws at the caller what was thrown while assembling, again and again")
  void error() {
    encoder.failure = new DragAndDropException("the encoder broke");
    try (BatchAssembler assembler = assembler(encoder);
        BatchPrefetcher prefetcher = new BatchPrefetcher(assembler, 0, 2, 5)) {
      assertThatThrownBy(prefetcher::next).isSameAs(encoder.failure);
      assertThatThrownBy(prefetcher::next).isSameAs(encoder.failure);
    }
  }

  @Test
  @DisplayName("can be waited for by a thread that is interrupted, which is told so")
  void interruptedCaller() {
    // given a batch that is not ready
    GatedEncoder held = new GatedEncoder(0);
    try (BatchAssembler assembler = assembler(held)) {
      BatchPrefetcher prefetcher = new BatchPrefetcher(assembler, 0, 2, 5);
      // when
      Thread.currentThread().interrupt();
      // then
      assertThatThrownBy(prefetcher::next)
          .isInstanceOf(DragAndDropException.class)
          .hasMessageContaining("interrupted");
      assertThat(Thread.interrupted()).isTrue();
      // and the batch is not lost
      held.gate.release(1000);
      prefetcher.next().close();
      prefetcher.close();
    }
  }

  @Test
  @DisplayName("is stopped by closing, in the middle of a batch, and its thread has ended then")
  void closeWhileAssembling() throws InterruptedException {
    // given a thread that is held in the first text of its first batch
    GatedEncoder held = new GatedEncoder(0);
    try (BatchAssembler assembler = assembler(held)) {
      BatchPrefetcher prefetcher = new BatchPrefetcher(assembler, 0, 2, 5);
      held.started.await();
      // when closed, while the encoder still takes its time
      Thread closer = new Thread(prefetcher::close);
      closer.start();
      while (closer.getState() != Thread.State.WAITING) {
        Thread.onSpinWait();
      }
      held.gate.release(1000);
      closer.join();
      // then only that text was encoded
      assertThat(held.encoder.calls).hasSize(1);
      assertThatThrownBy(prefetcher::next)
          .isInstanceOf(DragAndDropException.class)
          .hasMessageContaining("closed");
      prefetcher.close();
    }
  }

  @Test
  @DisplayName("frees what was ready and not taken, and what waited behind it, but nothing taken")
  void frees() throws InterruptedException {
    List<TrainingBatch> made = new ArrayList<>();
    try (BatchAssembler assembler = assembler(encoder)) {
      BatchPrefetcher prefetcher =
          new BatchPrefetcher(
              (first, count) -> {
                TrainingBatch batch = assembler.assemble(first, count);
                synchronized (made) {
                  made.add(batch);
                  made.notifyAll();
                }
                return batch;
              },
              0,
              2,
              5);
      // given one batch taken, one ready and one in waiting
      TrainingBatch taken = prefetcher.next();
      synchronized (made) {
        while (made.size() < 3) {
          made.wait();
        }
      }
      // when
      prefetcher.close();
      // then
      assertThat(made).hasSize(3);
      assertThat(isClosed(taken)).isFalse();
      taken.close();
      assertThat(made).allMatch(BatchPrefetcherTest::isClosed);
    }
  }

  private static boolean isClosed(TrainingBatch batch) {
    return batch.conditions().wasClosed() && batch.targets().wasClosed();
  }
}
