package com.aliyun.kms.secretsmanager.plugin.ons;

import com.aliyun.openservices.ons.api.PullConsumer;
import com.aliyuncs.kms.secretsmanager.client.exception.CacheSecretException;
import java.util.Properties;

/** Makes a consumer that pulls with a managed AccessKey. */
public class ProxyOnsPullConsumerBuilder {
  /** A builder, which may be used again. */
  public ProxyOnsPullConsumerBuilder() {}

  /**
   * Makes a consumer that pulls.
   *
   * @param properties everything but the AccessKey
   * @param secretName the managed RAM secret
   * @return a consumer that pulls; shut it down when it is no longer needed
   * @throws RuntimeException if no AccessKey can be had; its cause is a {@link CacheSecretException}
   */
  public PullConsumer build(Properties properties, String secretName) {
    try {
      return SecretsManagerOnsPluginManager.createOnsPullConsumer(properties, secretName);
    } catch (CacheSecretException failure) {
      throw new RuntimeException(failure.getMessage(), failure);
    }
  }
}
