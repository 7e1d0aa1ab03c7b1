package com.aliyun.kms.secretsmanager.plugin.ons;

import com.aliyun.kms.secretsmanager.plugin.common.AliyunSDKSecretsManagerPluginsManager;
import com.aliyun.openservices.ons.api.Admin;
import com.aliyun.openservices.ons.api.Consumer;
import com.aliyun.openservices.ons.api.Producer;
import com.aliyun.openservices.ons.api.PullConsumer;
import com.aliyun.openservices.ons.api.batch.BatchConsumer;
import com.aliyun.openservices.ons.api.bean.BatchConsumerBean;
import com.aliyun.openservices.ons.api.bean.ConsumerBean;
import com.aliyun.openservices.ons.api.bean.OrderConsumerBean;
import com.aliyun.openservices.ons.api.bean.OrderProducerBean;
import com.aliyun.openservices.ons.api.bean.ProducerBean;
import com.aliyun.openservices.ons.api.bean.TransactionProducerBean;
import com.aliyun.openservices.ons.api.order.OrderConsumer;
import com.aliyun.openservices.ons.api.order.OrderProducer;
import com.aliyun.openservices.ons.api.transaction.LocalTransactionChecker;
import com.aliyun.openservices.ons.api.transaction.TransactionProducer;
import com.aliyuncs.kms.secretsmanager.client.exception.CacheSecretException;
import java.io.IOException;
import java.util.Properties;

/** Makes clients of ONS with a managed AccessKey, for the application's plug-in, and gives them each new one. */
public class SecretsManagerOnsPluginManager {
  /** There are only static methods; public as in the official SDK. */
  public SecretsManagerOnsPluginManager() {}

  private static SecretsManagerOnsPlugin plugin() throws CacheSecretException {
    AliyunSDKSecretsManagerPluginsManager.init();
    return new SecretsManagerOnsPlugin(AliyunSDKSecretsManagerPluginsManager.getSecretsManagerPlugin());
  }

  /**
   * Makes a producer.
   *
   * @param properties everything but the AccessKey
   * @param secretName the managed RAM secret
   * @return a producer; shut it down when it is no longer needed
   * @throws CacheSecretException if no AccessKey can be had
   */
  public static Producer createOnsProducer(Properties properties, String secretName) throws CacheSecretException {
    return plugin().createOnsProducer(properties, secretName);
  }

  /**
   * Makes a producer of ordered messages.
   *
   * @param properties everything but the AccessKey
   * @param secretName the managed RAM secret
   * @return a producer of ordered messages; shut it down when it is no longer needed
   * @throws CacheSecretException if no AccessKey can be had
   */
  public static OrderProducer createOnsOrderProducer(Properties properties, String secretName) throws CacheSecretException {
    return plugin().createOnsOrderProducer(properties, secretName);
  }

  /**
   * Makes a producer of messages in transactions.
   *
   * @param properties everything but the AccessKey
   * @param checker checks what became of a transaction
   * @param secretName the managed RAM secret
   * @return a producer of messages in transactions; shut it down when it is no longer needed
   * @throws CacheSecretException if no AccessKey can be had
   */
  public static TransactionProducer createOnsTransactionProducer(Properties properties, LocalTransactionChecker checker, String secretName)
      throws CacheSecretException {
    return plugin().createOnsTransactionProducer(properties, checker, secretName);
  }

  /**
   * Makes a consumer.
   *
   * @param properties everything but the AccessKey
   * @param secretName the managed RAM secret
   * @return a consumer; shut it down when it is no longer needed
   * @throws CacheSecretException if no AccessKey can be had
   */
  public static Consumer createOnsConsumer(Properties properties, String secretName) throws CacheSecretException {
    return plugin().createOnsConsumer(properties, secretName);
  }

  /**
   * Makes a consumer of batches.
   *
   * @param properties everything but the AccessKey
   * @param secretName the managed RAM secret
   * @return a consumer of batches; shut it down when it is no longer needed
   * @throws CacheSecretException if no AccessKey can be had
   */
  public static BatchConsumer createOnsBatchConsumer(Properties properties, String secretName) throws CacheSecretException {
    return plugin().createOnsBatchConsumer(properties, secretName);
  }

  /**
   * Makes a consumer of ordered messages.
   *
   * @param properties everything but the AccessKey
   * @param secretName the managed RAM secret
   * @return a consumer of ordered messages; shut it down when it is no longer needed
   * @throws CacheSecretException if no AccessKey can be had
   */
  public static OrderConsumer createOnsOrderedConsumer(Properties properties, String secretName) throws CacheSecretException {
    return plugin().createOnsOrderedConsumer(properties, secretName);
  }

  /**
   * Makes a consumer that pulls.
   *
   * @param properties everything but the AccessKey
   * @param secretName the managed RAM secret
   * @return a consumer that pulls; shut it down when it is no longer needed
   * @throws CacheSecretException if no AccessKey can be had
   */
  public static PullConsumer createOnsPullConsumer(Properties properties, String secretName) throws CacheSecretException {
    return plugin().createOnsPullConsumer(properties, secretName);
  }

  /**
   * Makes a bean of a producer.
   *
   * @param properties everything but the AccessKey
   * @param secretName the managed RAM secret
   * @return a bean of a producer; shut it down when it is no longer needed
   * @throws CacheSecretException if no AccessKey can be had
   */
  public static ProducerBean createOnsProducerBean(Properties properties, String secretName) throws CacheSecretException {
    return plugin().createOnsProducerBean(properties, secretName);
  }

  /**
   * Makes a bean of a producer of ordered messages.
   *
   * @param properties everything but the AccessKey
   * @param secretName the managed RAM secret
   * @return a bean of a producer of ordered messages; shut it down when it is no longer needed
   * @throws CacheSecretException if no AccessKey can be had
   */
  public static OrderProducerBean createOnsOrderProducerBean(Properties properties, String secretName) throws CacheSecretException {
    return plugin().createOnsOrderProducerBean(properties, secretName);
  }

  /**
   * Makes a bean of a producer of messages in transactions.
   *
   * @param properties everything but the AccessKey
   * @param checker checks what became of a transaction
   * @param secretName the managed RAM secret
   * @return a bean of a producer of messages in transactions; shut it down when it is no longer needed
   * @throws CacheSecretException if no AccessKey can be had
   */
  public static TransactionProducerBean createOnsTransactionProducerBean(Properties properties, LocalTransactionChecker checker, String secretName)
      throws CacheSecretException {
    return plugin().createOnsTransactionProducerBean(properties, checker, secretName);
  }

  /**
   * Makes a bean of a consumer.
   *
   * @param properties everything but the AccessKey
   * @param secretName the managed RAM secret
   * @return a bean of a consumer; shut it down when it is no longer needed
   * @throws CacheSecretException if no AccessKey can be had
   */
  public static ConsumerBean createOnsConsumerBean(Properties properties, String secretName) throws CacheSecretException {
    return plugin().createOnsConsumerBean(properties, secretName);
  }

  /**
   * Makes a bean of a consumer of batches.
   *
   * @param properties everything but the AccessKey
   * @param secretName the managed RAM secret
   * @return a bean of a consumer of batches; shut it down when it is no longer needed
   * @throws CacheSecretException if no AccessKey can be had
   */
  public static BatchConsumerBean createOnsBatchConsumerBean(Properties properties, String secretName) throws CacheSecretException {
    return plugin().createOnsBatchConsumerBean(properties, secretName);
  }

  /**
   * Makes a bean of a consumer of ordered messages.
   *
   * @param properties everything but the AccessKey
   * @param secretName the managed RAM secret
   * @return a bean of a consumer of ordered messages; shut it down when it is no longer needed
   * @throws CacheSecretException if no AccessKey can be had
   */
  public static OrderConsumerBean createOnsOrderedConsumerBean(Properties properties, String secretName) throws CacheSecretException {
    return plugin().createOnsOrderedConsumerBean(properties, secretName);
  }

  /**
   * Shuts a client down.
   *
   * @param admin the client
   * @param secretName the managed RAM secret
   * @throws IOException never; declared as in the official SDK
   */
  public static void closeOnsClient(Admin admin, String secretName) throws IOException {
    new SecretsManagerOnsPlugin(AliyunSDKSecretsManagerPluginsManager.getSecretsManagerPlugin())
        .closeOnsClient(admin, secretName);
  }

  /**
   * Shuts down all clients that were made here.
   *
   * @throws IOException never; declared as in the official SDK
   */
  public static void destroy() throws IOException {
    new SecretsManagerOnsPlugin(AliyunSDKSecretsManagerPluginsManager.getSecretsManagerPlugin()).destroy();
  }
}
