package io.kmsak.tests;

import io.kmsak.Provider;
import java.lang.reflect.Method;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** A program of its own in which one virtual thread waits for KMS, and another wants the one carrier that there is. */
public final class VirtualThreads {
  private VirtualThreads() {}

  public static void main(String[] arguments) throws Exception {
    Method start = Thread.class.getMethod("startVirtualThread", Runnable.class);
    try (Provider provider =
        Provider.builder().propertiesFile(arguments[0]).readTimeout(Duration.ofMinutes(1)).fetchDeadline(Duration.ofMinutes(10)).open()) {
      String[] first = new String[1];
      Thread waiting = (Thread) start.invoke(null, (Runnable) () -> first[0] = provider.credentials(Kms.APP).accessKeyId());
      // Whoever started this has seen the request.
      System.in.read();
      Thread other = (Thread) start.invoke(null, (Runnable) () -> System.out.println("the other thread ran"));
      other.join(TimeUnit.SECONDS.toMillis(60));
      if (other.isAlive()) {
        System.out.println("the other thread has no carrier");
        System.exit(1);
      }
      waiting.join();
      System.out.println("the first got " + first[0]);
    }
  }
}
