package com.aliyun.kms.secretsmanager.plugin.ons;

import com.aliyun.openservices.ons.api.order.OrderProducer;
import com.aliyuncs.kms.secretsmanager.client.exception.CacheSecretException;
import java.util.Properties;

/** Makes a producer of ordered messages with a managed AccessKey. */
public class ProxyOnsOrderProducerBuilder {
  /** A builder, which may be used again. */
  public ProxyOnsOrderProducerBuilder() {}

  /**
   * Makes a producer of ordered messages.
   *
   * @param properties everything but the AccessKey
   * @param secretName the managed RAM secret
   * @return a producer of ordered messages; shut it down when it is no longer needed
   * @throws RuntimeException if no AccessKey can be had; its cause is a {@link CacheSecretException}
   */
  public OrderProducer build(Properties properties, String secretName) {
    try {
      return SecretsManagerOnsPluginManager.createOnsOrderProducer(properties, secretName);
    } catch (CacheSecretException failure) {
      throw new RuntimeException(failure.getMessage(), failure);
    }
  }
}
