package com.aliyun.kms.secretsmanager.plugin.ons;

import com.aliyun.openservices.ons.api.order.OrderConsumer;
import com.aliyuncs.kms.secretsmanager.client.exception.CacheSecretException;
import java.util.Properties;

/** Makes a consumer of ordered messages with a managed AccessKey. */
public class ProxyOnsOrderedConsumerBuilder {
  /** A builder, which may be used again. */
  public ProxyOnsOrderedConsumerBuilder() {}

  /**
   * Makes a consumer of ordered messages.
   *
   * @param properties everything but the AccessKey
   * @param secretName the managed RAM secret
   * @return a consumer of ordered messages; shut it down when it is no longer needed
   * @throws RuntimeException if no AccessKey can be had; its cause is a {@link CacheSecretException}
   */
  public OrderConsumer build(Properties properties, String secretName) {
    try {
      return SecretsManagerOnsPluginManager.createOnsOrderedConsumer(properties, secretName);
    } catch (CacheSecretException failure) {
      throw new RuntimeException(failure.getMessage(), failure);
    }
  }
}
