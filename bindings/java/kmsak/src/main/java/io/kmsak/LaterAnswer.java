package io.kmsak;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;

/**
 * An answer that completes a future: at once while its asker still asks, for then nothing can depend on the future yet, and
 * else outside the native thread that brings it, for what depends on the future may block.
 */
final class LaterAnswer<T> extends Answer<T> implements Runnable {
  private final CompletableFuture<T> future = new CompletableFuture<>();
  private final Thread asker = Thread.currentThread();

  /** Where to complete the future; null for a thread of kmsak's. */
  private final Executor executor;

  LaterAnswer(Executor executor) {
    this.executor = executor;
  }

  CompletableFuture<T> future() {
    return future;
  }

  /** Waits without holding a virtual thread's carrier. */
  T join() {
    try {
      return future.join();
    } catch (CompletionException failure) {
      if (failure.getCause() instanceof KmsakException) {
        throw (KmsakException) failure.getCause();
      }
      throw failure;
    }
  }

  @Override
  void arrived(Object value, KmsakException failure) {
    super.arrived(value, failure);
    if (executor == null && Thread.currentThread() == asker) {
      run();
      return;
    }
    try {
      if (executor == null) {
        Background.run(this);
      } else {
        Background.run(new Handover());
      }
    } catch (OutOfMemoryError noThread) {
      // Late is better than never.
      run();
    }
  }

  /** The executor may be any code: it is not called on the native thread. */
  private final class Handover implements Runnable {
    @Override
    public void run() {
      try {
        executor.execute(LaterAnswer.this);
      } catch (RejectedExecutionException shutDown) {
        LaterAnswer.this.run();
      }
    }
  }

  /** Completes the future. */
  @Override
  public void run() {
    try {
      future.complete(take());
    } catch (KmsakException failure) {
      future.completeExceptionally(failure);
    }
  }
}
