package com.aliyun.kms.secretsmanager.plugin.ons;

import com.aliyun.openservices.ons.api.Producer;
import com.aliyuncs.kms.secretsmanager.client.exception.CacheSecretException;
import java.util.Properties;

/** Makes a producer with a managed AccessKey. */
public class ProxyOnsProducerBuilder {
  /** A builder, which may be used again. */
  public ProxyOnsProducerBuilder() {}

  /**
   * Makes a producer.
   *
   * @param properties everything but the AccessKey
   * @param secretName the managed RAM secret
   * @return a producer; shut it down when it is no longer needed
   * @throws RuntimeException if no AccessKey can be had; its cause is a {@link CacheSecretException}
   */
  public Producer build(Properties properties, String secretName) {
    try {
      return SecretsManagerOnsPluginManager.createOnsProducer(properties, secretName);
    } catch (CacheSecretException failure) {
      throw new RuntimeException(failure.getMessage(), failure);
    }
  }
}
