package com.aliyun.kms.secretsmanager.plugin.ons;

import com.aliyun.openservices.ons.api.bean.TransactionProducerBean;
import com.aliyun.openservices.ons.api.transaction.LocalTransactionChecker;
import com.aliyuncs.kms.secretsmanager.client.exception.CacheSecretException;
import java.util.Properties;

/** Makes a bean of a producer of messages in transactions with a managed AccessKey. */
public class ProxyOnsTransactionProducerBeanBuilder {
  /** A builder, which may be used again. */
  public ProxyOnsTransactionProducerBeanBuilder() {}

  /**
   * Makes a bean of a producer of messages in transactions.
   *
   * @param properties everything but the AccessKey
   * @param checker checks what became of a transaction
   * @param secretName the managed RAM secret
   * @return a bean of a producer of messages in transactions; shut it down when it is no longer needed
   * @throws RuntimeException if no AccessKey can be had; its cause is a {@link CacheSecretException}
   */
  public TransactionProducerBean build(Properties properties, LocalTransactionChecker checker, String secretName) {
    try {
      return SecretsManagerOnsPluginManager.createOnsTransactionProducerBean(properties, checker, secretName);
    } catch (CacheSecretException failure) {
      throw new RuntimeException(failure.getMessage(), failure);
    }
  }
}
