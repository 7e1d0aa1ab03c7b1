package io.kmsak.tests;

import io.kmsak.KmsakException;
import io.kmsak.Provider;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** A program of its own that uses everything native once and ends with a provider open and a listener blocked. */
public final class Exercise {
  private Exercise() {}

  /** What is to be printed to standard error before it ends: whoever logs does so on a thread that keeps no JVM alive. */
  static final String AWAITED = "kmsak.test.awaited";

  public static void main(String[] arguments) throws Exception {
    String awaited = System.getProperty(AWAITED);
    CountDownLatch printed = new CountDownLatch(awaited == null ? 0 : 1);
    if (awaited != null) {
      System.setErr(new PrintStream(new Watched(System.err, awaited, printed), true));
    }
    Provider provider = Provider.fromFile(arguments[0]);
    CountDownLatch heard = new CountDownLatch(1);
    CountDownLatch never = new CountDownLatch(1);
    provider.subscribe(event -> heard.countDown());
    provider.subscribe(
        event -> {
          try {
            never.await();
          } catch (InterruptedException error) {
            throw new AssertionError(error);
          }
        });
    String id = provider.credentials(Kms.APP).accessKeyId();
    heard.await();
    provider.subscribe(event -> {}).close();
    provider.secret(Kms.APP);
    provider.refresh(Kms.APP);
    provider.secretAtStage(Kms.APP, "ACSCurrent");
    provider.renew(Kms.APP, "LTAIother");
    provider.credentialsAsync(Kms.APP).get();
    provider.secretAsync(Kms.APP).get();
    provider.refreshAsync(Kms.APP).get();
    provider.secretAtStageAsync(Kms.APP, "ACSCurrent").get();
    provider.renewAsync(Kms.APP, "LTAIother").get();
    for (int count = 0; count < 100; count++) {
      try {
        provider.credentials("acs/ram/user/nobody");
      } catch (KmsakException expected) {
        provider.stats();
      }
    }
    System.out.println(id);
    if (!printed.await(60, TimeUnit.SECONDS)) {
      throw new AssertionError("never printed: " + awaited);
    }
  }

  /** Notices a text that passes by. */
  private static final class Watched extends FilterOutputStream {
    private final StringBuilder seen = new StringBuilder();
    private final String awaited;
    private final CountDownLatch printed;

    Watched(OutputStream out, String awaited, CountDownLatch printed) {
      super(out);
      this.awaited = awaited;
      this.printed = printed;
    }

    @Override
    public synchronized void write(int octet) throws IOException {
      super.write(octet);
      seen.append((char) octet);
      if (seen.indexOf(awaited, Math.max(0, seen.length() - awaited.length())) >= 0) {
        printed.countDown();
      }
    }
  }
}
