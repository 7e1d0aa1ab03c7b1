package com.aliyun.kms.secretsmanager.plugin.ons;

import com.aliyun.openservices.ons.api.transaction.LocalTransactionChecker;
import com.aliyun.openservices.ons.api.transaction.TransactionProducer;
import com.aliyuncs.kms.secretsmanager.client.exception.CacheSecretException;
import java.util.Properties;

/** Makes a producer of messages in transactions with a managed AccessKey. */
public class ProxyOnsTransactionProducerBuilder {
  /** A builder, which may be used again. */
  public ProxyOnsTransactionProducerBuilder() {}

  /**
   * Makes a producer of messages in transactions.
   *
   * @param properties everything but the AccessKey
   * @param checker checks what became of a transaction
   * @param secretName the managed RAM secret
   * @return a producer of messages in transactions; shut it down when it is no longer needed
   * @throws RuntimeException if no AccessKey can be had; its cause is a {@link CacheSecretException}
   */
  public TransactionProducer build(Properties properties, LocalTransactionChecker checker, String secretName) {
    try {
      return SecretsManagerOnsPluginManager.createOnsTransactionProducer(properties, checker, secretName);
    } catch (CacheSecretException failure) {
      throw new RuntimeException(failure.getMessage(), failure);
    }
  }
}
