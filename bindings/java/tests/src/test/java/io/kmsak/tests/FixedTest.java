package io.kmsak.tests;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kmsak.ConfigurationException;
import io.kmsak.Event;
import io.kmsak.NotFoundException;
import io.kmsak.Provider;
import io.kmsak.ServiceError;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A provider for tests, and with it what needs no KMS. */
@Timeout(300)
class FixedTest {
  private static final String APP = "acs/ram/user/app";

  private static Provider two() {
    return Provider.fixed().accessKey(APP, "LTAI1", "one").accessKey(APP, "LTAI2", "two").open();
  }

  private static final class Rejected extends IOException implements ServiceError {
    private static final long serialVersionUID = 1L;

    @Override
    public String errorCode() {
      return "InvalidAccessKeyId.NotFound";
    }
  }

  @Test
  void itRotatesAsTheScriptSays() throws Exception {
    try (Provider provider = two()) {
      CountDownLatch rotated = new CountDownLatch(1);
      provider.subscribe(
          event -> {
            if (event instanceof Event.Rotated) {
              rotated.countDown();
            }
          });
      assertEquals("one", provider.credentials(APP).accessKeySecret());
      assertEquals("LTAI2", provider.renew(APP, "LTAI1").accessKeyId());
      assertTrue(rotated.await(60, TimeUnit.SECONDS));
      assertEquals("two", provider.credentials(APP).accessKeySecret());
      assertThrows(NotFoundException.class, () -> provider.credentials("acs/ram/user/other"));
    }
  }

  @Test
  void otherSecretsAreTextOrBytes() {
    byte[] bytes = {0, (byte) 0xff};
    try (Provider provider = Provider.fixed().secret("text", "grüße").secret("bytes", bytes).open()) {
      assertEquals("grüße", provider.secret("text").text());
      assertArrayEquals(bytes, provider.secret("bytes").bytes());
    }
  }

  @Test
  void whatCannotBeIsTold() {
    ConfigurationException error =
        assertThrows(ConfigurationException.class, () -> Provider.fixed().accessKey(APP, "LT AI", "topsecret").open());
    assertFalse(error.getMessage().contains("topsecret"), error.getMessage());
    assertEquals("name", assertThrows(NullPointerException.class, () -> Provider.fixed().secret(null, "x")).getMessage());
  }

  @Test
  void aCallMayThrowWhatItLikes() throws Exception {
    try (Provider provider = two()) {
      String id =
          provider.execute(
              APP,
              credentials -> {
                if (credentials.accessKeyId().equals("LTAI1")) {
                  throw new Rejected();
                }
                return credentials.accessKeyId();
              });
      assertEquals("LTAI2", id);
      // Undeclared, as in languages without checked exceptions.
      Exception own =
          assertThrows(
              Exception.class,
              () ->
                  provider.execute(
                      APP,
                      credentials -> {
                        throw new IOException("own");
                      }));
      assertEquals(IOException.class, own.getClass());
    }
  }

  @Test
  void aFutureIsCompletedOnItsExecutor() throws Exception {
    ExecutorService executor = Executors.newSingleThreadExecutor(task -> new Thread(task, "mine"));
    try (Provider provider = two()) {
      var executing = executor;
      for (var future :
          List.of(
              provider.credentialsAsync(APP, executing).thenApply(credentials -> "x"),
              provider.secretAsync(APP, executing).thenApply(secret -> "x"),
              provider.renewAsync(APP, "LTAI1", executing).thenApply(credentials -> "x"),
              provider.refreshAsync(APP, executing).thenApply(secret -> "x"))) {
        assertEquals("x", future.get());
      }
      CountDownLatch held = new CountDownLatch(1);
      executor.execute(
          () -> {
            try {
              held.await();
            } catch (InterruptedException error) {
              throw new AssertionError(error);
            }
          });
      var thread = provider.secretAsync(APP, executor).thenApply(secret -> Thread.currentThread().getName());
      assertFalse(thread.isDone());
      held.countDown();
      assertEquals("mine", thread.get());
    } finally {
      executor.shutdown();
    }
  }

  @Test
  void anExecutorThatRefusesLosesNoAnswer() throws Exception {
    try (Provider provider = two()) {
      assertEquals(
          "one",
          provider
              .secretAsync(
                  APP,
                  task -> {
                    throw new RejectedExecutionException("shut down");
                  })
              .thenApply(secret -> provider.credentials(APP).accessKeySecret())
              .get());
    }
  }
}
