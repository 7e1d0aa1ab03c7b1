package io.kmsak;

import java.util.concurrent.CompletableFuture;

/**
 * An answer that completes a future: at once while its asker still asks, for then nothing can depend on the future yet, and
 * else outside the native thread that brings it, for what depends on the future may block.
 */
final class LaterAnswer<T> extends Answer<T> {
  private final CompletableFuture<T> future = new CompletableFuture<>();
  private final Thread asker = Thread.currentThread();

  CompletableFuture<T> future() {
    return future;
  }

  @Override
  void arrived(Object value, KmsakException failure) {
    super.arrived(value, failure);
    if (Thread.currentThread() == asker) {
      complete();
      return;
    }
    try {
      Background.run(this::complete);
    } catch (OutOfMemoryError noThread) {
      // Late is better than never.
      complete();
    }
  }

  private void complete() {
    try {
      future.complete(take());
    } catch (KmsakException failure) {
      future.completeExceptionally(failure);
    }
  }
}
