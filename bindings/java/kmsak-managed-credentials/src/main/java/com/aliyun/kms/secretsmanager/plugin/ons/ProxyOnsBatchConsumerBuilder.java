package com.aliyun.kms.secretsmanager.plugin.ons;

import com.aliyun.openservices.ons.api.batch.BatchConsumer;
import com.aliyuncs.kms.secretsmanager.client.exception.CacheSecretException;
import java.util.Properties;

/** Makes a consumer of batches with a managed AccessKey. */
public class ProxyOnsBatchConsumerBuilder {
  /** A builder, which may be used again. */
  public ProxyOnsBatchConsumerBuilder() {}

  /**
   * Makes a consumer of batches.
   *
   * @param properties everything but the AccessKey
   * @param secretName the managed RAM secret
   * @return a consumer of batches; shut it down when it is no longer needed
   * @throws RuntimeException if no AccessKey can be had; its cause is a {@link CacheSecretException}
   */
  public BatchConsumer build(Properties properties, String secretName) {
    try {
      return SecretsManagerOnsPluginManager.createOnsBatchConsumer(properties, secretName);
    } catch (CacheSecretException failure) {
      throw new RuntimeException(failure.getMessage(), failure);
    }
  }
}
