package io.kmsak;

/** Finds the logger, which takes its time, beside the loading of the native library; as the thread that wants it would. */
final class LogPreparation implements Runnable {
  private final ClassLoader asker = Thread.currentThread().getContextClassLoader();

  @Override
  public void run() {
    Thread thread = Thread.currentThread();
    ClassLoader before = thread.getContextClassLoader();
    thread.setContextClassLoader(asker);
    try {
      NativeLogs.initialize();
    } finally {
      thread.setContextClassLoader(before);
    }
  }
}
