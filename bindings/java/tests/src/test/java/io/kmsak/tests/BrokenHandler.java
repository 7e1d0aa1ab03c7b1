package io.kmsak.tests;

import java.util.logging.Handler;
import java.util.logging.LogRecord;

/** A log handler that fails the first time. */
public final class BrokenHandler extends Handler {
  private boolean failed;

  @Override
  public synchronized void publish(LogRecord record) {
    if (!failed) {
      failed = true;
      throw new StackOverflowError();
    }
    System.err.println("handled " + record.getMessage());
  }

  @Override
  public void flush() {}

  @Override
  public void close() {}
}
