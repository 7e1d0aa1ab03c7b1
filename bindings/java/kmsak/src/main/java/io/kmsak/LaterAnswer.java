package io.kmsak;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * An answer that completes a future: at once while its asker still asks, for then nothing can depend on the future yet, and
 * else outside the native thread that brings it, for what depends on the future may block.
 */
final class LaterAnswer<T> extends Answer<T> implements Runnable {
  /** As long as {@link System#nanoTime} can be added to. */
  private static final Duration LONGEST = Duration.ofNanos(Long.MAX_VALUE / 2);

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

  /** As {@link #join()}, for no longer than {@code timeout}; an interrupt is kept for afterwards. */
  T join(Duration timeout) {
    ProviderBuilder.milliseconds("timeout", timeout);
    boolean fits = timeout.compareTo(LONGEST) < 0;
    long end = System.nanoTime() + (fits ? timeout.toNanos() : LONGEST.toNanos());
    boolean interrupted = false;
    try {
      while (true) {
        try {
          future.get(end - System.nanoTime(), TimeUnit.NANOSECONDS);
          return join();
        } catch (ExecutionException failed) {
          return join();
        } catch (TimeoutException over) {
          Answer<T> told = new Answer<>();
          NativeProvider.noAnswerWithin(timeout.toMillis(), told);
          return told.take();
        } catch (InterruptedException later) {
          interrupted = true;
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
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
