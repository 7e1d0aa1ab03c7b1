package com.aliyun.kms.secretsmanager.plugin.ons;

import com.aliyun.openservices.ons.api.bean.ConsumerBean;
import com.aliyuncs.kms.secretsmanager.client.exception.CacheSecretException;
import java.util.Properties;

/** Makes a bean of a consumer with a managed AccessKey. */
public class ProxyOnsConsumerBeanBuilder {
  /** A builder, which may be used again. */
  public ProxyOnsConsumerBeanBuilder() {}

  /**
   * Makes a bean of a consumer.
   *
   * @param properties everything but the AccessKey
   * @param secretName the managed RAM secret
   * @return a bean of a consumer; shut it down when it is no longer needed
   * @throws RuntimeException if no AccessKey can be had; its cause is a {@link CacheSecretException}
   */
  public ConsumerBean build(Properties properties, String secretName) {
    try {
      return SecretsManagerOnsPluginManager.createOnsConsumerBean(properties, secretName);
    } catch (CacheSecretException failure) {
      throw new RuntimeException(failure.getMessage(), failure);
    }
  }
}
