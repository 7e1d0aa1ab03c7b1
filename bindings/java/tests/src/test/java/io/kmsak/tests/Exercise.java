package io.kmsak.tests;

import io.kmsak.KmsakException;
import io.kmsak.Provider;
import java.util.concurrent.CountDownLatch;

/** A program of its own that uses everything native once and ends with a provider open and a listener blocked. */
public final class Exercise {
  private Exercise() {}

  public static void main(String[] arguments) throws Exception {
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
  }
}
