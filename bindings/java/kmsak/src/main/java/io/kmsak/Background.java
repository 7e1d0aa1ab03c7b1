package io.kmsak;

import java.util.concurrent.ForkJoinPool;

/** Where native threads leave what may block. */
final class Background {
  private Background() {}

  static void run(Runnable task) {
    // As CompletableFuture does: a pool of one thread or none is no help.
    if (ForkJoinPool.getCommonPoolParallelism() > 1) {
      ForkJoinPool.commonPool().execute(task);
    } else {
      Thread thread = new Thread(task, "kmsak-background");
      thread.setDaemon(true);
      thread.start();
    }
  }
}
