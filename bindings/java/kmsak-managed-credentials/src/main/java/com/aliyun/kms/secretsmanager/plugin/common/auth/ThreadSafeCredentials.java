package com.aliyun.kms.secretsmanager.plugin.common.auth;

import java.util.Objects;

/**
 * An AccessKey that can be exchanged. Safe to use from any thread; but between two calls for its halves an exchange may come.
 */
public class ThreadSafeCredentials implements CloudCredentials {
  private volatile SecretsManagerPluginCredentials current;

  /**
   * An AccessKey.
   *
   * @param accessKeyId its id
   * @param accessKeySecret its secret
   * @throws IllegalArgumentException if one of them is missing
   */
  public ThreadSafeCredentials(String accessKeyId, String accessKeySecret) {
    current = new SecretsManagerPluginCredentials(accessKeyId, accessKeySecret, SecretsManagerPluginCredentials.NEVER);
  }

  /**
   * Exchanges the AccessKey.
   *
   * @param secretsManagerPluginCredentials the new one
   */
  public void switchCredentials(SecretsManagerPluginCredentials secretsManagerPluginCredentials) {
    current = Objects.requireNonNull(secretsManagerPluginCredentials, "secretsManagerPluginCredentials");
  }

  @Override
  public String getAccessKeyId() {
    return current.getAccessKeyId();
  }

  @Override
  public String getAccessKeySecret() {
    return current.getAccessKeySecret();
  }
}
