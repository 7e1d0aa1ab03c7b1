package com.aliyun.kms.secretsmanager.plugin.common;

import com.aliyun.kms.secretsmanager.plugin.common.auth.SecretsManagerPluginCredentials;
import com.aliyun.kms.secretsmanager.plugin.common.model.MonitorMessageInfo;
import com.aliyun.kms.secretsmanager.plugin.common.model.SecretsManagerPluginCredentialsProvider;
import com.aliyun.kms.secretsmanager.plugin.common.service.DefaultSecretsManagerPluginCredentialsProviderLoader;
import com.aliyun.kms.secretsmanager.plugin.common.service.MonitorCacheSecretStoreStrategy;
import com.aliyun.kms.secretsmanager.plugin.common.service.SecretExchange;
import com.aliyun.kms.secretsmanager.plugin.common.service.SecretsManagerPluginCacheHook;
import com.aliyun.kms.secretsmanager.plugin.common.service.SecretsManagerPluginCredentialsProviderLoader;
import com.aliyun.kms.secretsmanager.plugin.common.utils.CredentialsUtils;
import com.aliyuncs.exceptions.ClientException;
import com.aliyuncs.kms.secretsmanager.client.exception.CacheSecretException;
import com.aliyuncs.kms.secretsmanager.client.model.CacheSecretInfo;
import com.aliyuncs.kms.secretsmanager.client.model.SecretInfo;
import io.kmsak.Event;
import io.kmsak.KmsakException;
import io.kmsak.Provider;
import io.kmsak.Subscription;
import io.kmsak.managedcredentials.Log;
import io.kmsak.managedcredentials.PluginCacheClient;
import io.kmsak.managedcredentials.Secrets;
import io.kmsak.managedcredentials.Settings;
import io.kmsak.managedcredentials.SharedProvider;
import io.kmsak.managedcredentials.Tokens;
import java.io.IOException;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;

/**
 * Gives secrets, and hands each new AccessKey to the clients that want it. Begins with its first use, or with {@link #init}. Safe to use
 * from any thread.
 */
@SuppressWarnings("rawtypes") // The updaters are raw types in the official SDK.
public class AliyunSDKSecretsManagerPlugin {
  private static final int MOST_MESSAGES = 1000;

  private final Map<String, Tokens> tokens = new ConcurrentHashMap<>();
  private final BlockingQueue<MonitorMessageInfo> messages = new LinkedBlockingQueue<>(MOST_MESSAGES);
  private SecretsManagerPluginCredentialsProviderLoader loader;
  private volatile State state;
  private boolean ended;

  /** What there is while the plug-in works. */
  private static final class State {
    final SharedProvider share;
    final SecretsManagerPluginCacheHook hook;
    final SecretExchange exchange;
    final MonitorCacheSecretStoreStrategy store;
    Subscription subscription;

    State(SharedProvider share, SecretsManagerPluginCacheHook hook, SecretsManagerPluginCredentialsProvider said) {
      this.share = share;
      this.hook = hook;
      this.exchange = said.getSecretExchange();
      this.store = said.getRefreshableCacheSecretStoreStrategy();
    }
  }

  /** With the configuration that {@code ConfigLoader} names. */
  public AliyunSDKSecretsManagerPlugin() {
    this(new DefaultSecretsManagerPluginCredentialsProviderLoader());
  }

  /**
   * With a loader of one's own.
   *
   * @param secretsManagerPluginCredentialsProviderLoader says what to do otherwise than the configuration
   */
  public AliyunSDKSecretsManagerPlugin(
      SecretsManagerPluginCredentialsProviderLoader secretsManagerPluginCredentialsProviderLoader) {
    this.loader = secretsManagerPluginCredentialsProviderLoader;
    AliyunSDKSecretsManagerPluginsManager.registerClientInstance(this);
  }

  /**
   * Exchanges the loader, before the plug-in begins.
   *
   * @param secretsManagerPluginCredentialsProviderLoader says what to do otherwise than the configuration
   */
  public synchronized void setSecretsManagerPluginCredentialsProviderLoader(
      SecretsManagerPluginCredentialsProviderLoader secretsManagerPluginCredentialsProviderLoader) {
    this.loader = secretsManagerPluginCredentialsProviderLoader;
  }

  /**
   * Reads the configuration and begins to fetch {@code secret_names}. Again, it does nothing.
   *
   * @throws CacheSecretException if the configuration is wrong; the cause is a {@link KmsakException} that says what to mend
   * @throws IllegalArgumentException if the loader wants what kmsak cannot do
   */
  public synchronized void init() throws CacheSecretException {
    if (state != null) {
      return;
    }
    if (loader == null) {
      throw new IllegalArgumentException("the plug-in has no loader");
    }
    SecretsManagerPluginCredentialsProvider said = loader.load();
    Settings settings = new Settings(said);
    if (!settings.areNone()) {
      SharedProvider.use(this, settings::open, this::getSecretName);
    }
    try {
      State beginning =
          new State(SharedProvider.join(), new SecretsManagerPluginCacheHook(messages, said.getSecretRecoveryStrategy()), said);
      if (beginning.store != null) {
        beginning.store.addMonitorQueue(messages);
        beginning.store.addRefreshHook(new PluginCacheClient(this));
        beginning.store.init();
      }
      state = beginning;
      beginning.subscription = beginning.share.provider().subscribe(this::heard);
      ended = false;
    } catch (KmsakException failure) {
      SharedProvider.useNoMore(this);
      throw new CacheSecretException(failure);
    }
  }

  private State state() {
    State now = state;
    if (now != null) {
      return now;
    }
    try {
      init();
    } catch (CacheSecretException failure) {
      throw new RuntimeException(failure.getMessage(), failure);
    }
    return state;
  }

  private void heard(Event event) {
    if (event instanceof Event.Fetched) {
      String name = ((Event.Fetched) event).secret();
      State now = state;
      if (now != null && (now.store != null || now.hook.hasUpdaters(name))) {
        try {
          pass(now, Secrets.info(now.share.provider().secret(name)));
        } catch (KmsakException closed) {
          // Nobody wants it any more.
          return;
        }
      }
    }
  }

  /** Hands a secret to its clients and to the store. */
  private static void pass(State now, SecretInfo secret) {
    CacheSecretInfo cached = now.hook.put(secret);
    if (now.store != null) {
      try {
        now.store.storeSecret(cached);
      } catch (CacheSecretException failure) {
        Log.warn(secret.getSecretName() + " could not be stored", failure);
      }
    }
  }

  /**
   * The provider behind it.
   *
   * @return open until {@link #shutdown}
   */
  public Provider provider() {
    return state().share.provider();
  }

  /**
   * A secret.
   *
   * @param secretName its name
   * @return the secret as it is now
   * @throws CacheSecretException if it cannot be had; the cause is a {@link KmsakException}
   * @throws IllegalArgumentException if the name is null or empty
   */
  public SecretInfo getSecretInfo(String secretName) throws CacheSecretException {
    SharedProvider.realName(secretName);
    State now = state();
    try {
      return Secrets.info(now.share.provider().secret(secretName));
    } catch (KmsakException failure) {
      SecretInfo recovered = null;
      try {
        recovered = now.hook.recoveryGetSecret(secretName);
      } catch (ClientException notThereEither) {
        failure.addSuppressed(notThereEither);
      }
      if (recovered == null) {
        throw new CacheSecretException(failure);
      }
      pass(now, recovered);
      return recovered;
    }
  }

  /**
   * The AccessKey in a managed RAM secret.
   *
   * @param secretName its name
   * @return the AccessKey of this moment
   * @throws CacheSecretException if it cannot be had; the cause is a {@link KmsakException}
   * @throws IllegalArgumentException if the name is null or empty, or the secret is no managed RAM secret
   */
  public SecretsManagerPluginCredentials getAccessKey(String secretName) throws CacheSecretException {
    return CredentialsUtils.generateCredentialsBySecret(getSecretInfo(secretName).getSecretValue());
  }

  /**
   * Adds what gives a client each new AccessKey.
   *
   * @param secretName the secret's name
   * @param secretsManagerPluginUpdater is called after each fetch
   */
  public void registerSecretsManagerPluginUpdater(
      String secretName, SecretsManagerPluginCredentialUpdater secretsManagerPluginUpdater) {
    state().hook.registerSecretsManagerPluginUpdater(secretName, secretsManagerPluginUpdater);
  }

  /**
   * Closes a client and what gives it AccessKeys.
   *
   * @param secretName the secret's name
   * @param client the client
   * @throws IOException if it cannot be closed
   */
  public void closeSecretsManagerPluginUpdaterAndClient(String secretName, Object client) throws IOException {
    State now = state;
    if (now != null) {
      now.hook.closeSecretsManagerPluginUpdaterAndClient(secretName, client);
    }
  }

  /**
   * Closes the clients that certain classes give AccessKeys.
   *
   * @param updaterClasses the classes
   * @throws IOException if a client cannot be closed
   */
  public void closeSecretsManagerPluginUpdaterAndClient(
      Set<Class<? extends SecretsManagerPluginCredentialUpdater>> updaterClasses) throws IOException {
    State now = state;
    if (now != null) {
      now.hook.closeSecretsManagerPluginUpdaterAndClient(updaterClasses);
    }
  }

  /**
   * The name that KMS knows a secret by.
   *
   * @param userSecretName the application's name
   * @return the same, unless the loader has a {@code SecretExchange}
   */
  public String getSecretName(String userSecretName) {
    State now = state;
    return now == null || now.exchange == null ? userSecretName : now.exchange.exchangeSecretName(userSecretName);
  }

  /**
   * Fetches a secret now, five times in a row at most and then every ten minutes, and gives it to its clients before it returns. What goes
   * wrong is logged, and the value in the cache stays in use.
   *
   * @param secretName its name
   */
  public void refreshSecretInfo(String secretName) {
    SharedProvider.realName(secretName);
    if (!tokens.computeIfAbsent(secretName, name -> new Tokens()).take()) {
      Log.warn(secretName + " was refreshed too often of late and is not fetched now", null);
      return;
    }
    refreshNow(secretName);
  }

  /**
   * Fetches a secret now, however often, and gives it to its clients before it returns.
   *
   * @param secretName its name
   * @return false if it could not be fetched, which is logged
   */
  public boolean refreshNow(String secretName) {
    try {
      State now = state();
      pass(now, Secrets.info(now.share.provider().refresh(secretName)));
      return true;
    } catch (KmsakException failure) {
      Log.warn(secretName + " could not be refreshed: " + failure.getMessage(), null);
      return false;
    }
  }

  /**
   * Closes the clients that were registered, and the provider if nobody else uses it. Again, it does nothing.
   *
   * @throws IOException if a client cannot be closed
   */
  public void shutdown() throws IOException {
    State last;
    synchronized (this) {
      last = state;
      state = null;
      ended = true;
      SharedProvider.useNoMore(this);
    }
    if (last == null) {
      return;
    }
    try {
      last.hook.close();
      if (last.store != null) {
        last.store.close();
      }
    } finally {
      if (last.subscription != null) {
        last.subscription.close();
      }
      last.share.close();
    }
  }

  synchronized boolean hasEnded() {
    return ended;
  }
}
