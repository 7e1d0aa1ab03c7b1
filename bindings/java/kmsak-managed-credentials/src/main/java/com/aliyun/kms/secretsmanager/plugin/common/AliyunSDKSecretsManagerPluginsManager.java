package com.aliyun.kms.secretsmanager.plugin.common;

import com.aliyun.kms.secretsmanager.plugin.common.auth.SecretsManagerPluginCredentials;
import com.aliyuncs.kms.secretsmanager.client.exception.CacheSecretException;
import io.kmsak.Credentials;
import io.kmsak.KmsakException;
import io.kmsak.managedcredentials.SharedProvider;
import java.io.IOException;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Gives AccessKeys to applications that have no client of an SDK. */
public class AliyunSDKSecretsManagerPluginsManager {
  /** By the secret's name. */
  private static final Map<String, SharedProvider> SHARES = new ConcurrentHashMap<>();

  /** There are only static methods; public as in the official SDK. */
  public AliyunSDKSecretsManagerPluginsManager() {}

  /**
   * Does nothing: the first AccessKey that is asked for opens what is needed.
   *
   * @throws CacheSecretException never; declared as in the official SDK
   */
  public static void init() throws CacheSecretException {}

  /**
   * The AccessKey in a managed RAM secret.
   *
   * @param secretName the secret's name
   * @return the AccessKey of this moment; do not keep it, ask again
   * @throws CacheSecretException if none can be had; the cause is a {@link KmsakException}
   */
  public static SecretsManagerPluginCredentials getAccessKey(String secretName) throws CacheSecretException {
    try {
      Credentials credentials = share(secretName).provider().credentials(secretName);
      return new SecretsManagerPluginCredentials(
          credentials.accessKeyId(), credentials.accessKeySecret(), SecretsManagerPluginCredentials.NEVER);
    } catch (KmsakException failure) {
      throw new CacheSecretException(failure);
    }
  }

  /**
   * The id of the AccessKey in a managed RAM secret. Whoever needs the AccessKey's secret too asks for both at once with
   * {@link #getAccessKey}, for a rotation may come between two calls.
   *
   * @param secretName the secret's name
   * @return the id
   * @throws CacheSecretException if none can be had; the cause is a {@link KmsakException}
   */
  public static String getAccessKeyId(String secretName) throws CacheSecretException {
    return getAccessKey(secretName).getAccessKeyId();
  }

  /**
   * The secret of the AccessKey in a managed RAM secret.
   *
   * @param secretName the secret's name
   * @return the AccessKey's secret
   * @throws CacheSecretException if none can be had; the cause is a {@link KmsakException}
   */
  public static String getAccessKeySecret(String secretName) throws CacheSecretException {
    return getAccessKey(secretName).getAccessKeySecret();
  }

  /**
   * Fetches a secret now.
   *
   * @param secretName the secret's name
   * @throws KmsakException if it cannot be fetched; a cached value stays in use
   */
  public static void refreshSecretInfo(String secretName) {
    share(secretName).provider().refresh(secretName);
  }

  /**
   * Gives up everything; whoever asks afterwards begins anew.
   *
   * @throws IOException never; declared as in the official SDK
   */
  public static void shutdown() throws IOException {
    SHARES.forEach(
        (secretName, share) -> {
          if (SHARES.remove(secretName, share)) {
            share.close();
          }
        });
  }

  private static SharedProvider share(String secretName) {
    // Nobody waits here for another secret's first fetch: KMS is asked outside the map.
    return SHARES.computeIfAbsent(secretName, name -> SharedProvider.join());
  }
}
