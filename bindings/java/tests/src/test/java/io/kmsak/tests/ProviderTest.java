package io.kmsak.tests;

import static io.kmsak.tests.Kms.APP;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kmsak.ClientKeyException;
import io.kmsak.ClosedException;
import io.kmsak.ConfigurationException;
import io.kmsak.Credentials;
import io.kmsak.Event;
import io.kmsak.Gateway;
import io.kmsak.KmsakException;
import io.kmsak.NetworkException;
import io.kmsak.NotFoundException;
import io.kmsak.Provider;
import io.kmsak.ProviderBuilder;
import io.kmsak.Secret;
import io.kmsak.ServiceError;
import io.kmsak.Stats;
import io.kmsak.Subscription;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.net.ServerSocket;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.function.Executable;

@Timeout(300)
@SuppressWarnings("try") // A subscription is kept for its time alone.
class ProviderTest {
  private Kms kms;

  @BeforeEach
  void start() throws Exception {
    kms = Kms.start();
  }

  @AfterEach
  void stop() throws Exception {
    kms.close();
  }

  private static final class Rejected extends Exception implements ServiceError {
    private static final long serialVersionUID = 1L;

    @Override
    public String errorCode() {
      return "InvalidAccessKeyId.NotFound";
    }
  }

  @Test
  void bothGatewaysGiveTheAccessKey() {
    for (String file : List.of(kms.onTheCloud(), kms.offTheCloud())) {
      try (Provider provider = Provider.fromFile(file)) {
        Credentials credentials = provider.credentials(APP);
        assertEquals(kms.accessKeyId(), credentials.accessKeyId());
        assertEquals(APP, credentials.secretName());
        assertFalse(credentials.accessKeySecret().isEmpty());
        assertFalse(credentials.versionId().isEmpty());
        assertSame(credentials, provider.credentials(APP));
        assertSame(credentials, provider.cachedCredentials(APP));
      }
    }
  }

  @Test
  void aRotationIsSeenByTheCallAfterTheRenewal() {
    try (Provider provider = kms.provider()) {
      for (int rotation = 0; rotation < 5; rotation++) {
        Credentials before = provider.credentials(APP);
        kms.rotate();
        Credentials renewed = provider.renew(APP, before.accessKeyId());
        assertEquals(kms.accessKeyId(), renewed.accessKeyId());
        assertEquals(renewed, provider.credentials(APP));
        kms.rotate();
        provider.refresh(APP);
        assertEquals(kms.accessKeyId(), provider.credentials(APP).accessKeyId());
      }
    }
  }

  @Test
  void aRejectedCallRunsOnceMoreWithAnotherAccessKey() throws Exception {
    try (Provider provider = kms.provider()) {
      String old = provider.credentials(APP).accessKeyId();
      kms.rotate();
      List<String> used = new ArrayList<>();
      String answer =
          provider.call(
              APP,
              credentials -> {
                used.add(credentials.accessKeyId());
                if (credentials.accessKeyId().equals(old)) {
                  throw new Rejected();
                }
                return "done";
              });
      assertEquals("done", answer);
      assertEquals(List.of(old, kms.accessKeyId()), used);
      assertThrows(
          IllegalStateException.class,
          () ->
              provider.call(
                  APP,
                  credentials -> {
                    throw new IllegalStateException("no rejection");
                  }));
    }
  }

  @Test
  void aFailedRenewalLeavesTheServicesErrorAndIsAddedToIt() {
    try (Provider provider =
        Provider.builder().propertiesFile(kms.onTheCloud()).renewDeadline(Duration.ofMillis(200)).open()) {
      Rejected thrown =
          assertThrows(
              Rejected.class,
              () ->
                  provider.call(
                      APP,
                      credentials -> {
                        throw new Rejected();
                      }));
      assertInstanceOf(KmsakException.class, thrown.getSuppressed()[0]);
    }
  }

  @Test
  void everyOtherTypeOfSecretIsReadAsTextOrBytes() {
    kms.createSecret("{\"name\": \"text\", \"text\": \"P\u00e4sswort\ud83d\udd11\\u0000\"}");
    kms.createSecret("{\"name\": \"binary\", \"binary\": \"/wD+\"}");
    try (Provider provider = kms.provider()) {
      Secret text = provider.secret("text");
      assertEquals("P\u00e4sswort\ud83d\udd11\u0000", text.text());
      assertEquals("Generic", text.secretType());
      assertEquals(List.of("ACSCurrent"), text.versionStages());
      assertFalse(text.isBinary());
      assertNull(text.nextRotationDate());
      assertNotNull(text.requestId());
      Secret binary = provider.secret("binary");
      assertArrayEquals(new byte[] {-1, 0, -2}, binary.bytes());
      assertNull(binary.text());
      assertTrue(binary.isBinary());
      assertThrows(ConfigurationException.class, () -> provider.credentials("text"));
    }
  }

  @Test
  void anOlderVersionIsReadByItsStage() {
    try (Provider provider = kms.provider()) {
      String before = provider.credentials(APP).accessKeyId();
      kms.rotate();
      assertTrue(provider.secretAtStage(APP, "ACSPrevious").text().contains(before));
    }
  }

  @Test
  void futuresAnswerAndFailAsTheCallsDo() throws Exception {
    try (Provider provider = kms.provider()) {
      String id = provider.credentialsAsync(APP).get().accessKeyId();
      assertEquals(id, provider.secretAsync(APP).thenApply(secret -> provider.credentials(APP)).get().accessKeyId());
      kms.rotate();
      assertEquals(kms.accessKeyId(), provider.renewAsync(APP, id).get().accessKeyId());
      kms.rotate();
      assertTrue(provider.refreshAsync(APP).get().text().contains(kms.accessKeyId()));
      assertNotNull(provider.secretAtStageAsync(APP, "ACSPrevious").get());
      ExecutionException failed =
          assertThrows(ExecutionException.class, () -> provider.credentialsAsync("acs/ram/user/nobody").get());
      assertInstanceOf(NotFoundException.class, failed.getCause());
    }
  }

  @Test
  void aFutureIsCompletedOutsideTheNativeThread() throws Exception {
    try (Provider provider = kms.provider()) {
      kms.fault("{\"kind\": \"hang\"}");
      CountDownLatch blocked = new CountDownLatch(1);
      var first = provider.credentialsAsync(APP).thenAccept(
          credentials -> {
            try {
              blocked.await();
            } catch (InterruptedException error) {
              throw new AssertionError(error);
            }
          });
      kms.clearFaults();
      // The native thread must still fetch while a dependent stage blocks.
      assertNotNull(provider.refresh(APP));
      blocked.countDown();
      first.get();
    }
  }

  @Test
  void anErrorHasAllItsParts() {
    try (Provider provider = kms.provider()) {
      NotFoundException error =
          assertThrows(NotFoundException.class, () -> provider.credentials("acs/ram/user/nobody"));
      assertEquals(KmsakException.Kind.NOT_FOUND, error.kind());
      assertEquals("Forbidden.ResourceNotFound", error.code());
      assertEquals(404, error.httpStatus());
      assertNotNull(error.requestId());
      assertFalse(error.isRetryable());
      assertTrue(error.getMessage().contains("nobody"), error.getMessage());
      assertThrows(NullPointerException.class, () -> provider.credentials(null));
      assertThrows(NullPointerException.class, () -> provider.renew(APP, null));
      assertThrows(ConfigurationException.class, () -> provider.credentials(""));
    }
  }

  @Test
  void aMistakeInTheConfigurationIsTold() {
    KmsakException error = assertThrows(ConfigurationException.class, () -> Provider.fromFile("nowhere.properties"));
    assertTrue(error.getMessage().contains("nowhere.properties"), error.getMessage());
    error =
        assertThrows(
            ConfigurationException.class, () -> Provider.builder().property("rotation_intervall", "1").open());
    assertTrue(error.getMessage().contains("rotation_interval"), error.getMessage());
    assertThrows(ConfigurationException.class, () -> Provider.builder().property("#gateway", "x").open());
  }

  @Test
  void everythingCanBeGivenFromCode() throws Exception {
    Path key;
    Path password;
    try (var files = Files.list(kms.dir)) {
      List<Path> all = files.toList();
      key = all.stream().filter(file -> file.toString().matches(".*clientKey[^/]*\\.json")).findFirst().orElseThrow();
      password = all.stream().filter(file -> file.toString().matches(".*clientKey[^/]*\\.txt")).findFirst().orElseThrow();
    }
    String ca = Files.readString(Path.of(kms.onTheCloud())).replaceAll("(?s).*\"caFilePath\":\"([^\"]*)\".*", "$1");
    Path caFile = Path.of(ca).isAbsolute() ? Path.of(ca) : kms.dir.resolve(ca);
    try (Provider provider =
        Provider.builder()
            .clientKey(Files.readAllBytes(key))
            .clientKeyPassword(Files.readString(password).trim().toCharArray())
            .gateway(
                Gateway.instance()
                    .endpoint(kms.authority("instance"))
                    .ca(Files.readAllBytes(caFile))
                    .readTimeout(Duration.ofSeconds(60)))
            .secretNames(APP)
            .rejectionCodes("Mine", "Odd:no such key")
            .open()) {
      assertEquals(kms.accessKeyId(), provider.credentials(APP).accessKeyId());
      assertTrue(provider.isRejection("Mine"));
      assertFalse(provider.isRejection("InvalidAccessKeyId"));
      assertTrue(provider.isRejection("Odd", "There is no such key."));
      assertFalse(provider.isRejection("Odd", null));
    }
    assertThrows(
        ClientKeyException.class,
        () ->
            Provider.builder()
                .clientKey(Files.readAllBytes(key))
                .clientKeyPassword("wrong-Passw0rd".toCharArray())
                .gateway(Gateway.shared("cn-hangzhou"))
                .open());
  }

  @Test
  void theConfigurationAndItsFilesMayBeOnTheClassPath() throws Exception {
    Thread thread = Thread.currentThread();
    ClassLoader before = thread.getContextClassLoader();
    Path resources = Files.createTempDirectory("kmsak-resources-");
    try (var files = Files.list(kms.dir)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        Path copy = resources.resolve(file.getFileName());
        Files.copy(file, copy);
        if (copy.toString().endsWith(".properties")) {
          // No path in it leads to a file on disk any more.
          Files.writeString(copy, Files.readString(copy).replace(kms.dir.toRealPath() + "/", "").replace(kms.dir + "/", ""));
        }
      }
    }
    try (URLClassLoader loader = new URLClassLoader(new URL[] {resources.toUri().toURL()}, before)) {
      thread.setContextClassLoader(loader);
      try (Provider provider = Provider.fromFile("on_the_cloud.properties")) {
        assertEquals(kms.accessKeyId(), provider.credentials(APP).accessKeyId());
      }
      Files.move(resources.resolve("off_the_cloud.properties"), resources.resolve("managed_credentials_providers.properties"));
      try (Provider provider = Provider.fromEnv()) {
        assertEquals(kms.accessKeyId(), provider.credentials(APP).accessKeyId());
      }
    } finally {
      thread.setContextClassLoader(before);
      Kms.delete(resources);
    }
  }

  @Test
  void eventsAndStatisticsTellWhatHappened() throws Exception {
    try (Provider provider = kms.provider()) {
      BlockingQueue<Event> events = new LinkedBlockingQueue<>();
      try (Subscription subscription = provider.subscribe(events::add)) {
        String old = provider.credentials(APP).accessKeyId();
        kms.rotate();
        provider.refresh(APP);
        Event.Rotated rotated = null;
        while (rotated == null) {
          if (events.poll(60, TimeUnit.SECONDS) instanceof Event.Rotated found) {
            rotated = found;
          }
        }
        assertEquals(old, rotated.oldAccessKeyId());
        assertEquals(kms.accessKeyId(), rotated.newAccessKeyId());
        assertThrows(KmsakException.class, () -> provider.refresh("acs/ram/user/nobody"));
        Event failed;
        do {
          failed = events.poll(60, TimeUnit.SECONDS);
        } while (!(failed instanceof Event.RefreshFailed));
        assertInstanceOf(NotFoundException.class, ((Event.RefreshFailed) failed).error());
      }
      events.clear();
      provider.refresh(APP);
      assertNull(events.poll(100, TimeUnit.MILLISECONDS));

      Stats stats = provider.stats();
      Stats.SecretStats app =
          stats.secrets().stream().filter(secret -> secret.name().equals(APP)).findFirst().orElseThrow();
      assertEquals(kms.accessKeyId(), app.accessKeyId());
      assertEquals(3, app.fetches());
      assertEquals(kms.clientKeyId(), stats.clientKeys().get(0).keyId());
      assertTrue(stats.endpoints().get(0).requests() >= 3);
    }
  }

  @Test
  void listenersMayThrowBlockOrCallTheProvider() throws Exception {
    CountDownLatch blocked = new CountDownLatch(1);
    BlockingQueue<String> reentered = new LinkedBlockingQueue<>();
    AtomicInteger thrown = new AtomicInteger();
    Provider provider = kms.provider();
    provider.subscribe(
        event -> {
          thrown.incrementAndGet();
          throw new IllegalStateException("a listener of the test's");
        });
    provider.subscribe(
        event -> {
          thrown.incrementAndGet();
          throw new StackOverflowError();
        });
    provider.subscribe(
        event -> {
          try {
            blocked.await();
          } catch (InterruptedException error) {
            throw new AssertionError(error);
          }
        });
    provider.subscribe(
        event -> {
          reentered.add(provider.credentials(APP).accessKeyId() + provider.stats().secrets().size());
          provider.subscribe(later -> {}).close();
        });
    assertEquals(kms.accessKeyId(), provider.credentials(APP).accessKeyId());
    assertNotNull(reentered.poll(60, TimeUnit.SECONDS));
    provider.refresh(APP);
    assertNotNull(reentered.poll(60, TimeUnit.SECONDS));
    while (thrown.get() < 2) {
      Thread.sleep(10);
    }
    // One listener blocks to this moment, and closing does not wait for it.
    provider.close();
    blocked.countDown();
  }

  @Test
  void aListenerMayCloseItsProvider() throws Exception {
    Provider provider = kms.provider();
    CountDownLatch closed = new CountDownLatch(1);
    provider.subscribe(
        event -> {
          provider.close();
          closed.countDown();
        });
    provider.credentials(APP);
    assertTrue(closed.await(60, TimeUnit.SECONDS));
    assertThrows(ClosedException.class, () -> provider.credentials(APP));
    assertThrows(ClosedException.class, () -> provider.subscribe(event -> {}));
  }

  @Test
  void twoHundredThreadsSeeOneRotationAfterAnother() throws Exception {
    try (Provider provider = kms.provider()) {
      AtomicBoolean done = new AtomicBoolean();
      AtomicReference<String> last = new AtomicReference<>();
      Set<Throwable> failures = ConcurrentHashMap.newKeySet();
      List<Thread> threads = new ArrayList<>();
      for (int index = 0; index < 200; index++) {
        Thread thread =
            new Thread(
                () -> {
                  try {
                    while (!done.get()) {
                      assertFalse(provider.credentials(APP).accessKeySecret().isEmpty());
                      // Two hundred that never rest would leave the emulator no time.
                      LockSupport.parkNanos(1_000_000);
                    }
                    // Whoever starts to read after the refresh has ended sees its value.
                    assertEquals(last.get(), provider.credentials(APP).accessKeyId());
                  } catch (Throwable failure) {
                    failures.add(failure);
                  }
                });
        thread.start();
        threads.add(thread);
      }
      for (int rotation = 0; rotation < 5; rotation++) {
        kms.rotate();
        provider.refresh(APP);
        assertEquals(kms.accessKeyId(), provider.credentials(APP).accessKeyId());
      }
      last.set(kms.accessKeyId());
      done.set(true);
      for (Thread thread : threads) {
        thread.join();
      }
      assertEquals(Set.of(), failures);
    }
  }

  @Test
  void closingWhileOthersReadGivesThemClosed() throws Exception {
    for (int round = 0; round < 20; round++) {
      Provider provider = kms.provider();
      provider.credentials(APP);
      Set<Throwable> failures = ConcurrentHashMap.newKeySet();
      CountDownLatch reading = new CountDownLatch(8);
      List<Thread> threads = new ArrayList<>();
      for (int index = 0; index < 8; index++) {
        int which = index;
        Thread thread =
            new Thread(
                () -> {
                  try {
                    for (int count = 0; ; count++) {
                      if (which % 2 == 0) {
                        provider.credentials(APP);
                      } else {
                        provider.refresh(APP);
                      }
                      if (count == 0) {
                        reading.countDown();
                      }
                    }
                  } catch (ClosedException expected) {
                    return;
                  } catch (Throwable failure) {
                    failures.add(failure);
                  }
                });
        thread.start();
        threads.add(thread);
      }
      reading.await();
      provider.close();
      provider.close();
      for (Thread thread : threads) {
        thread.join();
      }
      assertEquals(Set.of(), failures);
      assertTrue(provider.isClosed());
      assertNull(provider.cachedCredentials(APP));
      assertEquals(List.of(), provider.stats().secrets());
      assertThrows(ClosedException.class, () -> provider.subscribe(event -> {}));
    }
  }

  @Test
  void aThousandForgottenProvidersAreClosedByTheCollector() throws Exception {
    int before = descriptors();
    for (int index = 0; index < 1000; index++) {
      Provider provider = kms.provider();
      // A listener that holds its provider must not keep it.
      provider.subscribe(event -> provider.isClosed());
      if (index % 50 == 0) {
        provider.credentials(APP);
      }
    }
    // Nothing is called any more: they are found all the same.
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(120);
    while (nativeThreadRuns()) {
      assertTrue(System.nanoTime() < deadline, "providers are not collected");
      System.gc();
      Thread.sleep(20);
    }
    assertTrue(descriptors() <= before + 20, before + " became " + descriptors());
  }

  @Test
  void openingOneFreesThoseThatWereForgotten() throws Exception {
    int before = descriptors();
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(120);
    int most = 0;
    for (int index = 0; index < 20 || descriptors() > before + most / 2; index++) {
      assertTrue(System.nanoTime() < deadline, "providers are not collected");
      if (index < 20) {
        kms.provider();
        most = descriptors() - before;
      } else {
        System.gc();
        kms.provider().close();
      }
    }
  }

  private static int descriptors() throws Exception {
    try (var files = Files.list(Path.of("/proc/self/fd"))) {
      return (int) files.count();
    }
  }

  /** Its thread ends with the last provider that is open. */
  static boolean nativeThreadRuns() throws Exception {
    try (var tasks = Files.list(Path.of("/proc/self/task"))) {
      for (Path task : tasks.toList()) {
        try {
          if (Files.readString(task.resolve("comm")).equals("kmsak\n")) {
            return true;
          }
        } catch (IOException ended) {
          continue;
        }
      }
    }
    return false;
  }

  @Test
  void oneThreadIsAddedAndNotOneMoreForEachAnswer() throws Exception {
    try (Provider provider = kms.provider()) {
      provider.credentials(APP);
      ThreadMXBean threads = ManagementFactory.getThreadMXBean();
      long started = threads.getTotalStartedThreadCount();
      for (int count = 0; count < 100; count++) {
        assertTrue(provider.credentialsAsync(APP).isDone());
        assertTrue(provider.secretAsync(APP).isDone());
      }
      assertTrue(threads.getTotalStartedThreadCount() - started < 10);
      // What may block is done by threads that end.
      Set<String> ours = Set.of();
      long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(120);
      do {
        assertTrue(System.nanoTime() < deadline, ours.toString());
        ours =
            Thread.getAllStackTraces().keySet().stream()
                .map(Thread::getName)
                .filter(name -> name.startsWith("kmsak"))
                .collect(Collectors.toSet());
        Thread.sleep(20);
      } while (!ours.isEmpty());
      assertTrue(nativeThreadRuns());
    }
  }

  @Test
  void aNullIsToldByTheNameOfTheParameter() {
    Map<Executable, String> calls = new LinkedHashMap<>();
    calls.put(() -> Provider.fromFile((String) null), "path");
    calls.put(() -> Provider.fromFile((Path) null), "path");
    calls.put(() -> Provider.builder().propertiesFile(null), "path");
    calls.put(() -> Provider.builder().property(null, "x"), "name");
    calls.put(() -> Provider.builder().gateway(null), "gateway");
    calls.put(() -> Provider.builder().clientKey(null), "json");
    calls.put(() -> Provider.builder().clientKeyPassword(null), "password");
    calls.put(() -> Provider.builder().secretNames((String[]) null), "names");
    calls.put(() -> Provider.builder().rejectionCodes((String[]) null), "codes");
    calls.put(() -> Provider.builder().readTimeout(null), "read_timeout");
    calls.put(() -> Gateway.shared(null), "regionId");
    calls.put(() -> Gateway.instance().ca(null), "pem");
    calls.put(() -> Gateway.instance().clientKeyPassword(null), "password");
    try (Provider provider = Provider.fromFile(kms.onTheCloud())) {
      provider.credentials(APP);
      calls.put(() -> provider.credentials(null), "name");
      calls.put(() -> provider.credentialsAsync(null), "name");
      calls.put(() -> provider.cachedCredentials(null), "name");
      calls.put(() -> provider.call(null, credentials -> null), "name");
      calls.put(() -> provider.call(APP, null), "call");
      calls.put(() -> provider.call(APP, credentials -> null, null), "errorCode");
      calls.put(() -> provider.renew(null, "LTAI"), "name");
      calls.put(() -> provider.renew(APP, null), "rejectedId");
      calls.put(() -> provider.secret(null), "name");
      calls.put(() -> provider.secretAtStage(APP, null), "versionStage");
      calls.put(() -> provider.refresh(null), "name");
      calls.put(() -> provider.isRejection(null), "code");
      calls.forEach((call, name) -> assertEquals(name, assertThrows(NullPointerException.class, call).getMessage()));
    }
  }

  @Test
  void aCallHasItsOwnDeadline() {
    Duration soon = Duration.ofMillis(50);
    // Nothing else ends a call in time.
    Duration patience = Duration.ofMinutes(10);
    try (Provider provider =
        Provider.builder().propertiesFile(kms.onTheCloud()).fetchDeadline(patience).renewDeadline(patience).open()) {
      Credentials cached = provider.credentials(APP, Duration.ofSeconds(60));
      kms.fault("{\"kind\":\"hang\"}");
      for (Executable call :
          List.<Executable>of(
              () -> provider.credentials("acs/ram/user/other", soon),
              () -> provider.secret("other", soon),
              () -> provider.secretAtStage(APP, "ACSPrevious", Duration.ZERO),
              () -> provider.renew(APP, cached.accessKeyId(), soon),
              () -> provider.refresh(APP, soon),
              () -> provider.call("acs/ram/user/other", soon, credentials -> null))) {
        KmsakException late = assertThrows(NetworkException.class, call);
        assertTrue(late.getMessage().contains("the fetch goes on"), late.getMessage());
        assertTrue(late.isRetryable());
      }
      assertSame(cached, provider.credentials(APP, Duration.ZERO));
      Rejected rejected =
          assertThrows(
              Rejected.class,
              () ->
                  provider.call(
                      APP,
                      soon,
                      credentials -> {
                        throw new Rejected();
                      }));
      assertInstanceOf(NetworkException.class, rejected.getSuppressed()[0]);
      Thread.currentThread().interrupt();
      assertThrows(NetworkException.class, () -> provider.secret("other", soon));
      assertTrue(Thread.interrupted(), "the interrupt is kept for the caller");
      assertThrows(ConfigurationException.class, () -> provider.secret("other", Duration.ofSeconds(-1)));
      assertThrows(NullPointerException.class, () -> provider.secret("other", null));
    }
  }

  @Test
  void whatTheSystemSaidIsTheCause() throws IOException {
    int unheard;
    try (ServerSocket socket = new ServerSocket(0)) {
      unheard = socket.getLocalPort();
    }
    try (Provider provider =
        Provider.builder()
            .clientKeyFile(Path.of(kms.onTheCloud()).resolveSibling("clientKey.json").toString())
            .clientKeyPasswordFile(Path.of(kms.onTheCloud()).resolveSibling("clientKey_Password.txt").toString())
            .gateway(Gateway.instance().endpoint("127.0.0.1:" + unheard))
            .fetchDeadline(Duration.ofSeconds(1))
            .open()) {
      KmsakException refused;
      do {
        refused = assertThrows(NetworkException.class, () -> provider.secret("any"));
        // On a busy machine it may have given up before it asked.
      } while (refused.getCause() == null);
      assertInstanceOf(IOException.class, refused.getCause());
      assertTrue(refused.getCause().getMessage().contains("refused"), refused.getCause().getMessage());
    }
  }

  @Test
  void aDurationThatCannotBeIsTold() {
    Duration negative = Duration.ofSeconds(-1);
    Duration endless = Duration.ofSeconds(Long.MAX_VALUE);
    KmsakException error =
        assertThrows(ConfigurationException.class, () -> Gateway.instance().connectTimeout(negative));
    assertTrue(error.getMessage().contains("connect_timeout is PT-1S"), error.getMessage());
    assertThrows(ConfigurationException.class, () -> Gateway.instance().readTimeout(negative));
    assertThrows(ConfigurationException.class, () -> Provider.builder().maxStale(negative));
    for (ProviderBuilder builder :
        List.of(
            Provider.builder().propertiesFile(kms.onTheCloud()).readTimeout(endless),
            Provider.builder()
                .propertiesFile(kms.offTheCloud())
                .gateway(Gateway.shared("cn-hangzhou").readTimeout(endless)))) {
      error = assertThrows(ConfigurationException.class, builder::open);
      assertTrue(error.getMessage().toLowerCase().contains("read"), error.getMessage());
    }
  }

  @Test
  void nothingThatIsShownHoldsASecret() {
    try (Provider provider = kms.provider()) {
      Credentials credentials = provider.credentials(APP);
      Secret secret = provider.secret(APP);
      for (Object shown : List.of(provider, credentials, secret, provider.stats())) {
        assertFalse(shown.toString().contains(credentials.accessKeySecret()));
      }
      assertNotEquals(0, credentials.toString().length());
    }
  }
}
