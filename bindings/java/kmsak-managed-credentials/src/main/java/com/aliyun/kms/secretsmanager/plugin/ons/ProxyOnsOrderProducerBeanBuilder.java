package com.aliyun.kms.secretsmanager.plugin.ons;

import com.aliyun.openservices.ons.api.bean.OrderProducerBean;
import com.aliyuncs.kms.secretsmanager.client.exception.CacheSecretException;
import java.util.Properties;

/** Makes a bean of a producer of ordered messages with a managed AccessKey. */
public class ProxyOnsOrderProducerBeanBuilder {
  /** A builder, which may be used again. */
  public ProxyOnsOrderProducerBeanBuilder() {}

  /**
   * Makes a bean of a producer of ordered messages.
   *
   * @param properties everything but the AccessKey
   * @param secretName the managed RAM secret
   * @return a bean of a producer of ordered messages; shut it down when it is no longer needed
   * @throws RuntimeException if no AccessKey can be had; its cause is a {@link CacheSecretException}
   */
  public OrderProducerBean build(Properties properties, String secretName) {
    try {
      return SecretsManagerOnsPluginManager.createOnsOrderProducerBean(properties, secretName);
    } catch (CacheSecretException failure) {
      throw new RuntimeException(failure.getMessage(), failure);
    }
  }
}
