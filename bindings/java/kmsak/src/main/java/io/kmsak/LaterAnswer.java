package io.kmsak;

import java.util.concurrent.CompletableFuture;

/** An answer that completes a future, outside the native thread that brings it: what depends on the future may block. */
final class LaterAnswer<T> extends Answer<T> {
  private final CompletableFuture<T> future = new CompletableFuture<>();

  CompletableFuture<T> future() {
    return future;
  }

  @Override
  void arrived(Object value, KmsakException failure) {
    super.arrived(value, failure);
    if (failure == null) {
      Background.run(() -> future.complete(take()));
    } else {
      Background.run(() -> future.completeExceptionally(failure));
    }
  }
}
