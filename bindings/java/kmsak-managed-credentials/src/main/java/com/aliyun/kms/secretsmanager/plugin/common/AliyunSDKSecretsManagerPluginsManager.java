package com.aliyun.kms.secretsmanager.plugin.common;

import com.aliyun.kms.secretsmanager.plugin.common.auth.SecretsManagerPluginCredentials;
import com.aliyun.kms.secretsmanager.plugin.common.service.DefaultSecretsManagerPluginCredentialsProviderLoader;
import com.aliyun.kms.secretsmanager.plugin.common.service.SecretsManagerPluginCredentialsProviderLoader;
import com.aliyuncs.kms.secretsmanager.client.exception.CacheSecretException;
import java.io.IOException;

/** The plug-in of the whole application. Safe to use from any thread. */
public class AliyunSDKSecretsManagerPluginsManager {
  private static AliyunSDKSecretsManagerPlugin instance;

  /** There are only static methods; public as in the official SDK. */
  public AliyunSDKSecretsManagerPluginsManager() {}

  /**
   * Reads the configuration that {@code ConfigLoader} names, and begins to fetch {@code secret_names}. Again, it does nothing.
   *
   * @throws CacheSecretException if the configuration is wrong; the cause is an {@link io.kmsak.KmsakException} that says what to mend
   */
  public static void init() throws CacheSecretException {
    init(new DefaultSecretsManagerPluginCredentialsProviderLoader());
  }

  /**
   * As {@link #init()}, with what a loader says.
   *
   * @param loader says what to do otherwise than the configuration
   * @throws CacheSecretException if the configuration is wrong; the cause is an {@link io.kmsak.KmsakException} that says what to mend
   * @throws IllegalArgumentException if the loader wants what kmsak cannot do
   */
  public static synchronized void init(SecretsManagerPluginCredentialsProviderLoader loader) throws CacheSecretException {
    if (instance == null || instance.hasEnded()) {
      instance = null;
      AliyunSDKSecretsManagerPlugin begun = new AliyunSDKSecretsManagerPlugin(loader);
      boolean worked = false;
      try {
        begun.init();
        worked = true;
      } finally {
        instance = worked ? begun : null;
      }
    } else {
      instance.init();
    }
  }

  /**
   * The plug-in, which begins if it has not.
   *
   * @return the plug-in
   * @throws RuntimeException if the configuration is wrong; its cause is a {@link CacheSecretException}
   */
  public static synchronized AliyunSDKSecretsManagerPlugin getSecretsManagerPlugin() {
    try {
      init();
    } catch (CacheSecretException failure) {
      throw new RuntimeException(failure.getMessage(), failure);
    }
    return instance;
  }

  /** The first plug-in that is made is the application's, as in the official SDK. */
  static synchronized void registerClientInstance(AliyunSDKSecretsManagerPlugin made) {
    if (instance == null || instance.hasEnded()) {
      instance = made;
    }
  }

  private static AliyunSDKSecretsManagerPlugin plugin() throws CacheSecretException {
    synchronized (AliyunSDKSecretsManagerPluginsManager.class) {
      init();
      return instance;
    }
  }

  /**
   * The AccessKey in a managed RAM secret.
   *
   * @param secretName the secret's name
   * @return the AccessKey of this moment; do not keep it, ask again
   * @throws CacheSecretException if none can be had; the cause is an {@link io.kmsak.KmsakException}
   */
  public static SecretsManagerPluginCredentials getAccessKey(String secretName) throws CacheSecretException {
    return plugin().getAccessKey(secretName);
  }

  /**
   * The id of the AccessKey in a managed RAM secret. Whoever needs the AccessKey's secret too asks for both at once with
   * {@link #getAccessKey}, for a rotation may come between two calls.
   *
   * @param secretName the secret's name
   * @return the id
   * @throws CacheSecretException if none can be had; the cause is an {@link io.kmsak.KmsakException}
   */
  public static String getAccessKeyId(String secretName) throws CacheSecretException {
    return getAccessKey(secretName).getAccessKeyId();
  }

  /**
   * The secret of the AccessKey in a managed RAM secret.
   *
   * @param secretName the secret's name
   * @return the AccessKey's secret
   * @throws CacheSecretException if none can be had; the cause is an {@link io.kmsak.KmsakException}
   */
  public static String getAccessKeySecret(String secretName) throws CacheSecretException {
    return getAccessKey(secretName).getAccessKeySecret();
  }

  /**
   * Fetches a secret now, five times in a row at most and then every ten minutes. What goes wrong is logged, and the value in the cache
   * stays in use.
   *
   * @param secretName the secret's name
   */
  public static void refreshSecretInfo(String secretName) {
    getSecretsManagerPlugin().refreshSecretInfo(secretName);
  }

  /**
   * Ends the plug-in; whoever asks afterwards begins anew.
   *
   * @throws IOException if a client cannot be closed
   * @throws RuntimeException if there is no plug-in
   */
  public static void shutdown() throws IOException {
    AliyunSDKSecretsManagerPlugin last;
    synchronized (AliyunSDKSecretsManagerPluginsManager.class) {
      last = instance;
      instance = null;
    }
    if (last == null) {
      throw new RuntimeException("there is no plug-in to shut down");
    }
    last.shutdown();
  }
}
