package io.kmsak.tests;

import io.kmsak.Provider;
import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** A program of its own whose logger, slf4j-simple's, hangs for 3,000 lines, and that prints all it gets after that. */
public final class HangingLogger {
  private static final CountDownLatch GO_ON = new CountDownLatch(1);
  private static final ByteArrayOutputStream WRITTEN = new ByteArrayOutputStream();

  private static final class Hanging extends OutputStream {
    @Override
    public void write(int octet) {
      write(new byte[] {(byte) octet}, 0, 1);
    }

    @Override
    public void write(byte[] octets, int from, int count) {
      try {
        GO_ON.await();
      } catch (InterruptedException unexpected) {
        throw new IllegalStateException(unexpected);
      }
      WRITTEN.write(octets, from, count);
    }
  }

  private HangingLogger() {}

  public static void main(String[] arguments) {
    System.setErr(new PrintStream(new Hanging(), true));
    try (Provider provider = Provider.fixed().secret("db", "value").open()) {
      for (int count = 0; count < 3000; count++) {
        provider.refresh("db");
      }
      GO_ON.countDown();
      long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(120);
      while (System.nanoTime() < end && !WRITTEN.toString().contains(" log lines were dropped")) {
        provider.refresh("db");
      }
    }
    System.out.print(WRITTEN);
  }
}
