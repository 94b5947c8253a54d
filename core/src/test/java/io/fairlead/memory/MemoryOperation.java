package io.fairlead.memory;

import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.operation.Operation;
import io.fairlead.operation.OperationId;
import io.fairlead.operation.OperationStatus;
import io.fairlead.operation.Progress;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** An operation that was done when it was begun. */
final class MemoryOperation<T> implements Operation<T> {
  private static final AtomicInteger NUMBERS = new AtomicInteger();

  private final OperationId id;
  private final OperationStatus status;
  private final @Nullable T result;
  private final @Nullable ServingException failure;

  private MemoryOperation(
      OperationId id,
      OperationStatus status,
      @Nullable T result,
      @Nullable ServingException failure) {
    this.id = id;
    this.status = status;
    this.result = result;
    this.failure = failure;
  }

  static <T> Operation<T> of(String platform, String title, Supplier<T> work) {
    OperationId id =
        new OperationId(platform, title.replace(' ', '-') + "-" + NUMBERS.incrementAndGet());
    try {
      T result = work.get();
      return new MemoryOperation<>(
          id,
          new OperationStatus(OperationStatus.State.SUCCEEDED, title + " is done"),
          result,
          null);
    } catch (ServingException e) {
      OperationStatus.State state = e.kind() == ErrorKind.CANCELLED
          ? OperationStatus.State.CANCELLED
          : OperationStatus.State.FAILED;
      return new MemoryOperation<>(
          id, new OperationStatus(state, String.valueOf(e.getMessage())), null, e);
    }
  }

  @Override
  public OperationId id() {
    return id;
  }

  @Override
  public OperationStatus status() {
    return status;
  }

  @Override
  public T await(Duration limit) {
    if (failure != null) {
      throw failure;
    }
    return result;
  }

  @Override
  public Operation<T> onProgress(Consumer<? super Progress> listener) {
    listener.accept(new Progress(id, Duration.ZERO, 0, 0, "", status.detail()));
    return this;
  }

  @Override
  public boolean cancel() {
    return false;
  }

  @Override
  public CompletableFuture<T> toFuture() {
    return failure == null
        ? CompletableFuture.completedFuture(result)
        : CompletableFuture.failedFuture(failure);
  }
}
