package io.kmsak;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * Hands out managed AccessKeys and other secrets of Alibaba Cloud KMS, and keeps them current.
 *
 * <p>Safe to use from any thread; one for the whole application is enough. Once a secret has been fetched, reading its
 * AccessKey takes no lock and never waits for the network: one native thread for the process refreshes what is cached.
 *
 * <p>Calls that wait for KMS are not cut short by {@link Thread#interrupt}; they end when KMS answers or the configured
 * deadline passes, or the timeout that the call is given. On a virtual thread such a call leaves its carrier to others. The forms that return a {@link
 * CompletableFuture} complete it, with what depends on it, on the executor that they are given, or else on daemon threads of
 * kmsak's, which end when they are idle.
 *
 * <p>Close the provider when it is no longer needed. One that was forgotten is closed some time after it became
 * unreachable.
 */
public final class Provider implements AutoCloseable {
  private final NativeProvider provider;

  /** Native memory with a number that grows with each change of the native cache, before anybody hears of the change. */
  private final ByteBuffer changes;

  private final Map<String, Kept> kept = new ConcurrentHashMap<>();
  private final Set<Subscription> subscriptions = ConcurrentHashMap.newKeySet();

  /** What was read when {@link #changes} stood at a certain number. */
  private static final class Kept {
    final int changes;
    final Credentials credentials;

    Kept(int changes, Credentials credentials) {
      this.changes = changes;
      this.credentials = credentials;
    }
  }

  Provider(NativeProvider provider) {
    this.provider = provider;
    this.changes = provider.changes().order(ByteOrder.nativeOrder());
  }

  /**
   * Opens a provider as a properties file says; environment variables named like the properties win over it.
   *
   * @param path the file, on disk or else on the class path; so are the files that it names
   * @return an open provider; secrets in {@code secret_names} begin to be fetched, and nobody waits for them here
   * @throws ConfigurationException with what to mend
   * @throws ClientKeyException if the ClientKey or its password cannot be used
   */
  public static Provider fromFile(String path) {
    return builder().propertiesFile(Objects.requireNonNull(path, "path")).environment().open();
  }

  /**
   * Opens a provider as a properties file says; environment variables named like the properties win over it.
   *
   * @param path the file
   * @return an open provider
   * @throws ConfigurationException with what to mend
   * @throws ClientKeyException if the ClientKey or its password cannot be used
   */
  public static Provider fromFile(Path path) {
    return fromFile(Objects.requireNonNull(path, "path").toString());
  }

  /**
   * Opens a provider as the usual places say: environment variables named like the properties, and the file that {@code
   * KMSAK_CONFIG} names, or else {@code managed_credentials_providers.properties} in the working directory, or else the same on
   * the class path. Where both say something the variable wins.
   *
   * @return an open provider
   * @throws ConfigurationException with what to mend
   * @throws ClientKeyException if the ClientKey or its password cannot be used
   */
  public static Provider fromEnv() {
    return builder().usualPlaces().open();
  }

  /**
   * Begins a provider for tests, with AccessKeys and other secrets that are given here: no network, no files, no emulator.
   *
   * @return a builder without secrets
   */
  public static FixedProviderBuilder fixed() {
    return new FixedProviderBuilder();
  }

  /**
   * Begins a configuration from code.
   *
   * @return a builder without any settings
   */
  public static ProviderBuilder builder() {
    return new ProviderBuilder();
  }

  /**
   * The AccessKey in a managed RAM secret, from the cache if it was fetched before.
   *
   * @param name the secret's name, such as {@code acs/ram/user/app}
   * @return the AccessKey of this moment; do not keep it, ask again
   * @throws KmsakException only as long as the secret was never fetched (or with {@code max_stale} set): KMS's refusal or the
   *     network's failure after {@code fetch_deadline} (20 s unless configured) at most; or that the provider is closed
   */
  public Credentials credentials(String name) {
    Objects.requireNonNull(name, "name");
    // A volatile read, after which the number below cannot have been read before.
    Kept before = kept.get(name);
    if (before != null && before.changes == changes.getInt(0)) {
      return before.credentials;
    }
    return fetch(name, before);
  }

  private Credentials fetch(String name, Kept before) {
    // Read before the value: a change in between makes the next reader ask again.
    int now = changes.getInt(0);
    Credentials credentials;
    if (VirtualThread.isCurrent()) {
      LaterAnswer<Credentials> later = new LaterAnswer<>(null);
      provider.beginCredentials(name, later);
      credentials = later.join();
    } else {
      Answer<Credentials> answer = new Answer<>();
      provider.credentials(name, answer);
      credentials = answer.take();
    }
    return keep(name, now, before, credentials);
  }

  private Credentials keep(String name, int now, Kept before, Credentials credentials) {
    Credentials same = before != null && before.credentials.equals(credentials) ? before.credentials : credentials;
    kept.put(name, new Kept(now, same));
    if (isClosed()) {
      kept.clear();
    }
    return same;
  }

  /**
   * As {@link #credentials(String)}, with a deadline of this call alone.
   *
   * @param name the secret's name
   * @param timeout how long to wait at most
   * @return the AccessKey of this moment; do not keep it, ask again
   * @throws NetworkException when the timeout is over; the fetch itself goes on, for the cache and for others
   * @throws KmsakException as without one
   */
  public Credentials credentials(String name, Duration timeout) {
    Credentials cached = cachedCredentials(name);
    if (cached != null) {
      return cached;
    }
    int now = changes.getInt(0);
    LaterAnswer<Credentials> later = new LaterAnswer<>(null);
    provider.beginCredentials(name, later);
    return keep(name, now, null, later.join(timeout));
  }

  /**
   * As {@link #credentials(String)}, without blocking.
   *
   * @param name the secret's name
   * @return a future that fails with {@link KmsakException}; cancelling it gives up waiting and does not stop the fetch
   */
  public CompletableFuture<Credentials> credentialsAsync(String name) {
    return credentialsLater(name, null);
  }

  /**
   * As {@link #credentials(String)}, without blocking.
   *
   * @param name the secret's name
   * @param executor completes the future, and so runs what depends on it; kmsak's own threads if it refuses
   * @return a future that fails with {@link KmsakException}
   */
  public CompletableFuture<Credentials> credentialsAsync(String name, Executor executor) {
    return credentialsLater(name, Objects.requireNonNull(executor, "executor"));
  }

  private CompletableFuture<Credentials> credentialsLater(String name, Executor executor) {
    Objects.requireNonNull(name, "name");
    Credentials cached = cachedCredentials(name);
    if (cached != null) {
      return CompletableFuture.completedFuture(cached);
    }
    LaterAnswer<Credentials> answer = new LaterAnswer<>(executor);
    provider.beginCredentials(name, answer);
    return answer.future();
  }

  /**
   * The AccessKey in a managed RAM secret if it is cached: never waits, never fetches.
   *
   * @param name the secret's name
   * @return the AccessKey, or null
   */
  public Credentials cachedCredentials(String name) {
    Objects.requireNonNull(name, "name");
    Kept before = kept.get(name);
    int now = changes.getInt(0);
    if (before != null && before.changes == now) {
      return before.credentials;
    }
    Answer<Credentials> answer = new Answer<>();
    provider.cachedCredentials(name, answer);
    return answer.isEmpty() ? null : keep(name, now, before, answer.take());
  }

  /**
   * A secret of any type, from the cache if it was fetched before.
   *
   * @param name the secret's name
   * @return the secret
   * @throws KmsakException as for {@link #credentials(String)}
   */
  public Secret secret(String name) {
    Objects.requireNonNull(name, "name");
    if (VirtualThread.isCurrent()) {
      LaterAnswer<Secret> later = new LaterAnswer<>(null);
      provider.beginSecret(name, later);
      return later.join();
    }
    Answer<Secret> answer = new Answer<>();
    provider.secret(name, answer);
    return answer.take();
  }

  /**
   * As {@link #secret(String)}, with a deadline of this call alone.
   *
   * @param name the secret's name
   * @param timeout how long to wait at most
   * @return the secret
   * @throws NetworkException when the timeout is over; the fetch itself goes on, for the cache and for others
   * @throws KmsakException as without one
   */
  public Secret secret(String name, Duration timeout) {
    Objects.requireNonNull(name, "name");
    LaterAnswer<Secret> later = new LaterAnswer<>(null);
    provider.beginSecret(name, later);
    return later.join(timeout);
  }

  /**
   * As {@link #secret(String)}, without blocking.
   *
   * @param name the secret's name
   * @return a future that fails with {@link KmsakException}
   */
  public CompletableFuture<Secret> secretAsync(String name) {
    return secretLater(name, null);
  }

  /**
   * As {@link #secret(String)}, without blocking.
   *
   * @param name the secret's name
   * @param executor completes the future, and so runs what depends on it; kmsak's own threads if it refuses
   * @return a future that fails with {@link KmsakException}
   */
  public CompletableFuture<Secret> secretAsync(String name, Executor executor) {
    return secretLater(name, Objects.requireNonNull(executor, "executor"));
  }

  private CompletableFuture<Secret> secretLater(String name, Executor executor) {
    Objects.requireNonNull(name, "name");
    LaterAnswer<Secret> answer = new LaterAnswer<>(executor);
    provider.beginSecret(name, answer);
    return answer.future();
  }

  /**
   * The version of a secret with a stage label, asked of KMS each time and never cached.
   *
   * @param name the secret's name
   * @param versionStage the label, such as {@code ACSPrevious}
   * @return the secret
   * @throws KmsakException KMS's refusal or the network's failure
   */
  public Secret secretAtStage(String name, String versionStage) {
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(versionStage, "versionStage");
    if (VirtualThread.isCurrent()) {
      LaterAnswer<Secret> later = new LaterAnswer<>(null);
      provider.beginSecretAtStage(name, versionStage, later);
      return later.join();
    }
    Answer<Secret> answer = new Answer<>();
    provider.secretAtStage(name, versionStage, answer);
    return answer.take();
  }

  /**
   * As {@link #secretAtStage(String, String)}, with a deadline of this call alone.
   *
   * @param name the secret's name
   * @param versionStage the label
   * @param timeout how long to wait at most
   * @return the secret
   * @throws NetworkException when the timeout is over; the fetch itself goes on, for the cache and for others
   * @throws KmsakException as without one
   */
  public Secret secretAtStage(String name, String versionStage, Duration timeout) {
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(versionStage, "versionStage");
    LaterAnswer<Secret> later = new LaterAnswer<>(null);
    provider.beginSecretAtStage(name, versionStage, later);
    return later.join(timeout);
  }

  /**
   * As {@link #secretAtStage(String, String)}, without blocking.
   *
   * @param name the secret's name
   * @param versionStage the label
   * @return a future that fails with {@link KmsakException}
   */
  public CompletableFuture<Secret> secretAtStageAsync(String name, String versionStage) {
    return secretAtStageLater(name, versionStage, null);
  }

  /**
   * As {@link #secretAtStage(String, String)}, without blocking.
   *
   * @param name the secret's name
   * @param versionStage the label
   * @param executor completes the future, and so runs what depends on it; kmsak's own threads if it refuses
   * @return a future that fails with {@link KmsakException}
   */
  public CompletableFuture<Secret> secretAtStageAsync(String name, String versionStage, Executor executor) {
    return secretAtStageLater(name, versionStage, Objects.requireNonNull(executor, "executor"));
  }

  private CompletableFuture<Secret> secretAtStageLater(String name, String versionStage, Executor executor) {
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(versionStage, "versionStage");
    LaterAnswer<Secret> answer = new LaterAnswer<>(executor);
    provider.beginSecretAtStage(name, versionStage, answer);
    return answer.future();
  }

  /**
   * An AccessKey other than one that a cloud service has just rejected. When the cache holds another one already, that is
   * returned at once; otherwise KMS is asked, once for the whole process however many threads call.
   *
   * @param name the secret's name
   * @param rejectedId the id of the rejected AccessKey
   * @return another AccessKey
   * @throws ThrottledException if the secret was renewed too often of late
   * @throws KmsakException if KMS has no other AccessKey, or cannot be reached, within {@code renew_deadline} (15 s unless
   *     configured)
   */
  public Credentials renew(String name, String rejectedId) {
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(rejectedId, "rejectedId");
    if (VirtualThread.isCurrent()) {
      LaterAnswer<Credentials> later = new LaterAnswer<>(null);
      provider.beginRenew(name, rejectedId, later);
      return later.join();
    }
    Answer<Credentials> answer = new Answer<>();
    provider.renew(name, rejectedId, answer);
    return answer.take();
  }

  /**
   * As {@link #renew(String, String)}, with a deadline of this call alone.
   *
   * @param name the secret's name
   * @param rejectedId the id of the rejected AccessKey
   * @param timeout how long to wait at most
   * @return another AccessKey
   * @throws NetworkException when the timeout is over; the fetch itself goes on, for the cache and for others
   * @throws KmsakException as without one
   */
  public Credentials renew(String name, String rejectedId, Duration timeout) {
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(rejectedId, "rejectedId");
    LaterAnswer<Credentials> later = new LaterAnswer<>(null);
    provider.beginRenew(name, rejectedId, later);
    return later.join(timeout);
  }

  /**
   * As {@link #renew(String, String)}, without blocking.
   *
   * @param name the secret's name
   * @param rejectedId the id of the rejected AccessKey
   * @return a future that fails with {@link KmsakException}
   */
  public CompletableFuture<Credentials> renewAsync(String name, String rejectedId) {
    return renewLater(name, rejectedId, null);
  }

  /**
   * As {@link #renew(String, String)}, without blocking.
   *
   * @param name the secret's name
   * @param rejectedId the id of the rejected AccessKey
   * @param executor completes the future, and so runs what depends on it; kmsak's own threads if it refuses
   * @return a future that fails with {@link KmsakException}
   */
  public CompletableFuture<Credentials> renewAsync(String name, String rejectedId, Executor executor) {
    return renewLater(name, rejectedId, Objects.requireNonNull(executor, "executor"));
  }

  private CompletableFuture<Credentials> renewLater(String name, String rejectedId, Executor executor) {
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(rejectedId, "rejectedId");
    LaterAnswer<Credentials> answer = new LaterAnswer<>(executor);
    provider.beginRenew(name, rejectedId, answer);
    return answer.future();
  }

  /**
   * Fetches a secret from KMS now, whatever the cache holds, and caches it.
   *
   * @param name the secret's name
   * @return the secret
   * @throws KmsakException KMS's refusal or the network's failure; a cached value stays in use
   */
  public Secret refresh(String name) {
    Objects.requireNonNull(name, "name");
    if (VirtualThread.isCurrent()) {
      LaterAnswer<Secret> later = new LaterAnswer<>(null);
      provider.beginRefresh(name, later);
      return later.join();
    }
    Answer<Secret> answer = new Answer<>();
    provider.refresh(name, answer);
    return answer.take();
  }

  /**
   * As {@link #refresh(String)}, with a deadline of this call alone.
   *
   * @param name the secret's name
   * @param timeout how long to wait at most
   * @return the secret
   * @throws NetworkException when the timeout is over; the fetch itself goes on, for the cache and for others
   * @throws KmsakException as without one
   */
  public Secret refresh(String name, Duration timeout) {
    Objects.requireNonNull(name, "name");
    LaterAnswer<Secret> later = new LaterAnswer<>(null);
    provider.beginRefresh(name, later);
    return later.join(timeout);
  }

  /**
   * As {@link #refresh(String)}, without blocking.
   *
   * @param name the secret's name
   * @return a future that fails with {@link KmsakException}
   */
  public CompletableFuture<Secret> refreshAsync(String name) {
    return refreshLater(name, null);
  }

  /**
   * As {@link #refresh(String)}, without blocking.
   *
   * @param name the secret's name
   * @param executor completes the future, and so runs what depends on it; kmsak's own threads if it refuses
   * @return a future that fails with {@link KmsakException}
   */
  public CompletableFuture<Secret> refreshAsync(String name, Executor executor) {
    return refreshLater(name, Objects.requireNonNull(executor, "executor"));
  }

  private CompletableFuture<Secret> refreshLater(String name, Executor executor) {
    Objects.requireNonNull(name, "name");
    LaterAnswer<Secret> answer = new LaterAnswer<>(executor);
    provider.beginRefresh(name, answer);
    return answer.future();
  }

  /**
   * Runs a call to a cloud service; when the service rejects its AccessKey, renews that and runs the call once more. The
   * exception's message counts as the service's; it must be a {@link ServiceError} for its code to be known; see the other form for those that are not.
   *
   * @param name the secret's name
   * @param call the call
   * @param <T> what the call returns
   * @param <E> what the call throws
   * @return what the call returned last
   * @throws E what the call threw last; when a renewal fails, the service's own error, to which the renewal's is added as
   *     suppressed
   */
  public <T, E extends Exception> T call(String name, Call<T, E> call) throws E {
    return call(name, call, Provider::codeOf);
  }

  private static String codeOf(Exception thrown) {
    return thrown instanceof ServiceError ? ((ServiceError) thrown).errorCode() : null;
  }

  /**
   * Runs a call to a cloud service; when the service rejects its AccessKey, renews that and runs the call once more.
   *
   * @param name the secret's name
   * @param call the call
   * @param errorCode reads the service's error code from an exception, whose message counts as the service's; null where there
   *     is none
   * @param <T> what the call returns
   * @param <E> what the call throws
   * @return what the call returned last
   * @throws E what the call threw last; when a renewal fails, the service's own error, to which the renewal's is added as
   *     suppressed
   */
  public <T, E extends Exception> T call(String name, Call<T, E> call, Function<Exception, String> errorCode) throws E {
    return call(name, null, call, errorCode);
  }

  /**
   * As {@link #call(String, Call)}, but waits for an AccessKey, and for a newer one, no longer than a timeout. How long the call itself may take
   * is its own affair.
   *
   * @param name the secret's name
   * @param timeout how long to wait at most
   * @param call the call
   * @param <T> what the call returns
   * @param <E> what the call throws
   * @return what the call returned last
   * @throws E as {@link #call(String, Call)}
   */
  public <T, E extends Exception> T call(String name, Duration timeout, Call<T, E> call) throws E {
    return call(name, Objects.requireNonNull(timeout, "timeout"), call, Provider::codeOf);
  }

  /**
   * As {@link #call(String, Call, Function)}, but waits for an AccessKey, and for a newer one, no longer than a timeout.
   *
   * @param name the secret's name
   * @param timeout how long to wait at most; null for no limit but the configuration's
   * @param call the call
   * @param errorCode reads the service's error code from an exception; null where there is none
   * @param <T> what the call returns
   * @param <E> what the call throws
   * @return what the call returned last
   * @throws E as {@link #call(String, Call, Function)}
   */
  public <T, E extends Exception> T call(
      String name, Duration timeout, Call<T, E> call, Function<Exception, String> errorCode) throws E {
    Objects.requireNonNull(call, "call");
    Objects.requireNonNull(errorCode, "errorCode");
    Credentials credentials = timeout == null ? credentials(name) : credentials(name, timeout);
    try {
      return call.run(credentials);
    } catch (Exception rejected) {
      String code = errorCode.apply(rejected);
      if (code == null || !isRejection(code, rejected.getMessage())) {
        throw rejected;
      }
      Credentials renewed;
      try {
        String id = credentials.accessKeyId();
        renewed = timeout == null ? renew(name, id) : renew(name, id, timeout);
      } catch (KmsakException notRenewed) {
        rejected.addSuppressed(notRenewed);
        throw rejected;
      }
      return call.run(renewed);
    }
  }

  /**
   * As {@link #call(String, Call, Function)}, for calls that return a future. Nobody waits: the renewal and the second attempt follow the first.
   *
   * @param name the secret's name
   * @param call begins the call
   * @param errorCode reads the service's error code from what the future failed with, without a {@link CompletionException} around it; null where
   *     there is none
   * @param <T> what the call gives
   * @return what the call gave last
   */
  public <T> CompletableFuture<T> callAsync(
      String name, Function<Credentials, ? extends CompletionStage<T>> call, Function<Throwable, String> errorCode) {
    Objects.requireNonNull(call, "call");
    Objects.requireNonNull(errorCode, "errorCode");
    return credentialsAsync(name).thenCompose(credentials -> attempt(name, credentials, call, errorCode));
  }

  private <T> CompletionStage<T> attempt(
      String name,
      Credentials credentials,
      Function<Credentials, ? extends CompletionStage<T>> call,
      Function<Throwable, String> errorCode) {
    CompletableFuture<T> result = new CompletableFuture<>();
    call.apply(credentials)
        .whenComplete(
            (answer, thrown) -> {
              Throwable failure = bare(thrown);
              String code = failure == null ? null : errorCode.apply(failure);
              if (failure == null) {
                result.complete(answer);
              } else if (code == null || !isRejection(code, failure.getMessage())) {
                result.completeExceptionally(failure);
              } else {
                again(name, credentials, call, failure, result);
              }
            });
    return result;
  }

  private <T> void again(
      String name,
      Credentials rejected,
      Function<Credentials, ? extends CompletionStage<T>> call,
      Throwable failure,
      CompletableFuture<T> result) {
    renewAsync(name, rejected.accessKeyId())
        .whenComplete(
            (renewed, notRenewed) -> {
              if (notRenewed != null) {
                failure.addSuppressed(bare(notRenewed));
                result.completeExceptionally(failure);
                return;
              }
              call.apply(renewed)
                  .whenComplete(
                      (answer, thrown) -> {
                        if (thrown == null) {
                          result.complete(answer);
                        } else {
                          result.completeExceptionally(bare(thrown));
                        }
                      });
            });
  }

  private static Throwable bare(Throwable thrown) {
    return thrown instanceof CompletionException && thrown.getCause() != null ? thrown.getCause() : thrown;
  }

  /**
   * As {@link #call(String, Call)}, for languages without checked exceptions, such as Kotlin, which cannot infer the type of the exception
   * there: {@code provider.execute("acs/ram/user/app") { service.list(it) }}. Whatever the call throws comes through.
   *
   * @param name the secret's name
   * @param call the call
   * @param <T> what the call returns
   * @return what the call returned last
   */
  public <T> T execute(String name, AnyCall<T> call) {
    return Provider.<T, RuntimeException>unchecked(this, name, call);
  }

  @SuppressWarnings("unchecked") // The exceptions of Call are known to the compiler alone.
  private static <T, E extends Exception> T unchecked(Provider provider, String name, AnyCall<T> call) throws E {
    Objects.requireNonNull(call, "call");
    return provider.call(name, (Call<T, E>) (Call<T, ?>) (Call<T, Exception>) call::run);
  }

  /**
   * Whether a cloud service's error means that it does not know an AccessKey, by a code that says so by itself.
   *
   * @param code the service's error code
   * @return whether to renew
   * @see #isRejection(String, String)
   */
  public boolean isRejection(String code) {
    return isRejection(code, null);
  }

  /**
   * Whether a cloud service's error means that it does not know an AccessKey: what {@code rejection_codes} names, or else
   * {@code InvalidAccessKeyId}, {@code InvalidAccessKeyId.NotFound}, {@code InvalidAccessKeyId.Inactive}, {@code
   * Forbidden.AccessKey}, {@code Forbidden.AccessKeyDisabled} and {@code ODPS-0410051}, and where the message speaks of an
   * AccessKeyId {@code Unauthorized} and {@code OTSAuthFailed}. Upper and lower case are the same.
   *
   * @param code the service's error code
   * @param message the service's message; null where there is none
   * @return whether to renew
   */
  public boolean isRejection(String code, String message) {
    return provider.isRejection(Objects.requireNonNull(code, "code"), message == null ? "" : message);
  }

  /**
   * Calls a listener with everything that happens, from threads of kmsak's, one call at a time. A listener may be slow, block,
   * throw or call the provider; of more than 1024 events that wait for it the oldest are dropped.
   *
   * @param listener what to call
   * @return close it to unsubscribe
   * @throws ClosedException when the provider is closed
   */
  public Subscription subscribe(Consumer<? super Event> listener) {
    Subscription subscription = new Subscription(this, Objects.requireNonNull(listener, "listener"));
    subscriptions.add(subscription);
    try {
      subscription.begin(provider);
    } catch (ClosedException closed) {
      subscriptions.remove(subscription);
      throw closed;
    }
    return subscription;
  }

  void ended(Subscription subscription, long id) {
    if (subscriptions.remove(subscription)) {
      provider.unsubscribe(id);
    }
  }

  /**
   * What goes on inside.
   *
   * @return the state of this moment, without secrets; empty once the provider is closed
   */
  public Stats stats() {
    Fields fields = new Fields();
    provider.stats(fields);
    return new Stats(fields);
  }

  /**
   * Ends all refreshing and forgets every value; whoever waits, and every later call, gets a {@link ClosedException}. Closing
   * again does nothing.
   */
  @Override
  public void close() {
    provider.close();
    kept.clear();
  }

  /**
   * Whether {@link #close} was called.
   *
   * @return true once it was
   */
  public boolean isClosed() {
    return provider.isClosed();
  }

  @Override
  public String toString() {
    return "Provider{closed=" + isClosed() + "}";
  }
}
