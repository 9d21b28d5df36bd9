package io.github.dnd4j.encoder;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Something that several encoders use and the last of them frees. Whoever makes one is its first
 * user; every user closes it once.
 *
 * @param <T> what it is
 */
final class Shared<T> implements AutoCloseable {

  private final T value;
  private final Consumer<? super T> free;
  private final AtomicInteger users = new AtomicInteger(1);

  Shared(T value, Consumer<? super T> free) {
    this.value = value;
    this.free = free;
  }

  static Shared<INDArray> of(INDArray tensor) {
    return new Shared<>(tensor, INDArray::close);
  }

  T get() {
    return value;
  }

  /** One more user; only for one who knows that another has not closed it yet. */
  Shared<T> share() {
    users.incrementAndGet();
    return this;
  }

  @Override
  public void close() {
    if (users.decrementAndGet() == 0) {
      free.accept(value);
    }
  }
}
