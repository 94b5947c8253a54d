package io.fairlead.reconcile;

import java.nio.ByteBuffer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A guard before the consumer of a streaming answer: it passes on no piece after the platform is closed, and none after
 * the consumer has failed, even if the provider goes on.
 */
final class Pieces implements Consumer<ByteBuffer> {
  private final Consumer<? super ByteBuffer> consumer;
  private final Runnable open;
  private @Nullable RuntimeException exception;
  private @Nullable Error error;

  /**
   * Creates a guard.
   *
   * @param open throws if the platform is closed
   */
  Pieces(Consumer<? super ByteBuffer> consumer, Runnable open) {
    this.consumer = consumer;
    this.open = open;
  }

  @Override
  public void accept(ByteBuffer piece) {
    throwIfFailed();
    try {
      open.run();
      if (piece.hasRemaining()) {
        consumer.accept(piece.isReadOnly() ? piece : piece.asReadOnlyBuffer());
      }
    } catch (RuntimeException e) {
      exception = e;
      throw e;
    } catch (Error e) {
      error = e;
      throw e;
    }
  }

  /** Throws the failure of the consumer or of the check, if there was one. */
  void throwIfFailed() {
    if (exception != null) {
      throw exception;
    }
    if (error != null) {
      throw error;
    }
  }
}
