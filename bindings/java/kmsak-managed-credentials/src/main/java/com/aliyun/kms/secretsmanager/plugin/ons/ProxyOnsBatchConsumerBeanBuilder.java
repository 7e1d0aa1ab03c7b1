package com.aliyun.kms.secretsmanager.plugin.ons;

import com.aliyun.openservices.ons.api.bean.BatchConsumerBean;
import com.aliyuncs.kms.secretsmanager.client.exception.CacheSecretException;
import java.util.Properties;

/** Makes a bean of a consumer of batches with a managed AccessKey. */
public class ProxyOnsBatchConsumerBeanBuilder {
  /** A builder, which may be used again. */
  public ProxyOnsBatchConsumerBeanBuilder() {}

  /**
   * Makes a bean of a consumer of batches.
   *
   * @param properties everything but the AccessKey
   * @param secretName the managed RAM secret
   * @return a bean of a consumer of batches; shut it down when it is no longer needed
   * @throws RuntimeException if no AccessKey can be had; its cause is a {@link CacheSecretException}
   */
  public BatchConsumerBean build(Properties properties, String secretName) {
    try {
      return SecretsManagerOnsPluginManager.createOnsBatchConsumerBean(properties, secretName);
    } catch (CacheSecretException failure) {
      throw new RuntimeException(failure.getMessage(), failure);
    }
  }
}
