package io.kmsak;

import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/** Where native threads leave what may block. Its threads end when they have been idle for a second. */
final class Background {
  private static final ThreadPoolExecutor THREADS =
      new ThreadPoolExecutor(0, Integer.MAX_VALUE, 1, TimeUnit.SECONDS, new SynchronousQueue<>(), new Factory());

  private Background() {}

  /** A class, for the first lambda of a JVM takes its time, and this may be it. */
  private static final class Factory implements ThreadFactory {
    @Override
    public Thread newThread(Runnable task) {
      Thread thread = new Thread(task, "kmsak-background");
      thread.setDaemon(true);
      // Whose call happens to start it must not be kept by it.
      thread.setContextClassLoader(ClassLoader.getSystemClassLoader());
      return thread;
    }
  }

  /** Throws OutOfMemoryError where the system refuses a thread. */
  static void run(Runnable task) {
    THREADS.execute(task);
  }
}
