package com.aliyun.kms.secretsmanager.plugin.ons;

import com.aliyun.openservices.ons.api.Consumer;
import com.aliyuncs.kms.secretsmanager.client.exception.CacheSecretException;
import java.util.Properties;

/** Makes a consumer with a managed AccessKey. */
public class ProxyOnsConsumerBuilder {
  /** A builder, which may be used again. */
  public ProxyOnsConsumerBuilder() {}

  /**
   * Makes a consumer.
   *
   * @param properties everything but the AccessKey
   * @param secretName the managed RAM secret
   * @return a consumer; shut it down when it is no longer needed
   * @throws RuntimeException if no AccessKey can be had; its cause is a {@link CacheSecretException}
   */
  public Consumer build(Properties properties, String secretName) {
    try {
      return SecretsManagerOnsPluginManager.createOnsConsumer(properties, secretName);
    } catch (CacheSecretException failure) {
      throw new RuntimeException(failure.getMessage(), failure);
    }
  }
}
