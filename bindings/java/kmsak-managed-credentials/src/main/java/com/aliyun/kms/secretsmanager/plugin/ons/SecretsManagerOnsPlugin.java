package com.aliyun.kms.secretsmanager.plugin.ons;

import com.aliyun.kms.secretsmanager.plugin.common.AliyunSDKSecretsManagerPlugin;
import com.aliyun.kms.secretsmanager.plugin.common.auth.SecretsManagerPluginCredentials;
import com.aliyun.openservices.ons.api.Admin;
import com.aliyun.openservices.ons.api.Consumer;
import com.aliyun.openservices.ons.api.ONSFactory;
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
import java.util.Collections;
import java.util.Properties;
import java.util.function.Function;

/** Makes clients of ONS with a managed AccessKey, for a plug-in, and gives them each new one. */
public class SecretsManagerOnsPlugin {
  private AliyunSDKSecretsManagerPlugin plugin;

  /** Without a plug-in, which is to be set. */
  public SecretsManagerOnsPlugin() {}

  /**
   * For a plug-in.
   *
   * @param secretsManagerPlugin the plug-in
   */
  public SecretsManagerOnsPlugin(AliyunSDKSecretsManagerPlugin secretsManagerPlugin) {
    this.plugin = secretsManagerPlugin;
  }

  /**
   * Sets the plug-in.
   *
   * @param secretsManagerPlugin the plug-in
   */
  public void setSecretsManagerPlugin(AliyunSDKSecretsManagerPlugin secretsManagerPlugin) {
    this.plugin = secretsManagerPlugin;
  }

  private <T extends Admin> T create(Properties properties, String secretName, Function<Properties, T> making)
      throws CacheSecretException {
    String name = plugin.getSecretName(secretName);
    SecretsManagerPluginCredentials now = plugin.getAccessKey(name);
    // Flat: the SDK cannot see defaults on newer JVMs.
    Properties complete = new Properties();
    for (String key : properties.stringPropertyNames()) {
      complete.setProperty(key, properties.getProperty(key));
    }
    complete.putAll(properties);
    OnsPluginCredentialUpdater.put(complete, now);
    T client = making.apply(complete);
    plugin.registerSecretsManagerPluginUpdater(name, new OnsPluginCredentialUpdater(client, complete));
    return client;
  }

  /**
   * Makes a producer.
   *
   * @param properties everything but the AccessKey
   * @param secretName the managed RAM secret
   * @return a producer; shut it down when it is no longer needed
   * @throws CacheSecretException if no AccessKey can be had
   */
  public Producer createOnsProducer(Properties properties, String secretName) throws CacheSecretException {
    return create(properties, secretName, complete -> ONSFactory.createProducer(complete));
  }

  /**
   * Makes a producer of ordered messages.
   *
   * @param properties everything but the AccessKey
   * @param secretName the managed RAM secret
   * @return a producer of ordered messages; shut it down when it is no longer needed
   * @throws CacheSecretException if no AccessKey can be had
   */
  public OrderProducer createOnsOrderProducer(Properties properties, String secretName) throws CacheSecretException {
    return create(properties, secretName, complete -> ONSFactory.createOrderProducer(complete));
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
  public TransactionProducer createOnsTransactionProducer(Properties properties, LocalTransactionChecker checker, String secretName)
      throws CacheSecretException {
    return create(properties, secretName, complete -> ONSFactory.createTransactionProducer(complete, checker));
  }

  /**
   * Makes a consumer.
   *
   * @param properties everything but the AccessKey
   * @param secretName the managed RAM secret
   * @return a consumer; shut it down when it is no longer needed
   * @throws CacheSecretException if no AccessKey can be had
   */
  public Consumer createOnsConsumer(Properties properties, String secretName) throws CacheSecretException {
    return create(properties, secretName, complete -> ONSFactory.createConsumer(complete));
  }

  /**
   * Makes a consumer of batches.
   *
   * @param properties everything but the AccessKey
   * @param secretName the managed RAM secret
   * @return a consumer of batches; shut it down when it is no longer needed
   * @throws CacheSecretException if no AccessKey can be had
   */
  public BatchConsumer createOnsBatchConsumer(Properties properties, String secretName) throws CacheSecretException {
    return create(properties, secretName, complete -> ONSFactory.createBatchConsumer(complete));
  }

  /**
   * Makes a consumer of ordered messages.
   *
   * @param properties everything but the AccessKey
   * @param secretName the managed RAM secret
   * @return a consumer of ordered messages; shut it down when it is no longer needed
   * @throws CacheSecretException if no AccessKey can be had
   */
  public OrderConsumer createOnsOrderedConsumer(Properties properties, String secretName) throws CacheSecretException {
    return create(properties, secretName, complete -> ONSFactory.createOrderedConsumer(complete));
  }

  /**
   * Makes a consumer that pulls.
   *
   * @param properties everything but the AccessKey
   * @param secretName the managed RAM secret
   * @return a consumer that pulls; shut it down when it is no longer needed
   * @throws CacheSecretException if no AccessKey can be had
   */
  public PullConsumer createOnsPullConsumer(Properties properties, String secretName) throws CacheSecretException {
    return create(properties, secretName, complete -> ONSFactory.createPullConsumer(complete));
  }

  /**
   * Makes a bean of a producer.
   *
   * @param properties everything but the AccessKey
   * @param secretName the managed RAM secret
   * @return a bean of a producer; shut it down when it is no longer needed
   * @throws CacheSecretException if no AccessKey can be had
   */
  public ProducerBean createOnsProducerBean(Properties properties, String secretName) throws CacheSecretException {
    return create(
        properties,
        secretName,
        complete -> {
          ProducerBean bean = new ProducerBean();
          bean.setProperties(complete);
          return bean;
        });
  }

  /**
   * Makes a bean of a producer of ordered messages.
   *
   * @param properties everything but the AccessKey
   * @param secretName the managed RAM secret
   * @return a bean of a producer of ordered messages; shut it down when it is no longer needed
   * @throws CacheSecretException if no AccessKey can be had
   */
  public OrderProducerBean createOnsOrderProducerBean(Properties properties, String secretName) throws CacheSecretException {
    return create(
        properties,
        secretName,
        complete -> {
          OrderProducerBean bean = new OrderProducerBean();
          bean.setProperties(complete);
          return bean;
        });
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
  public TransactionProducerBean createOnsTransactionProducerBean(Properties properties, LocalTransactionChecker checker, String secretName)
      throws CacheSecretException {
    return create(
        properties,
        secretName,
        complete -> {
          TransactionProducerBean bean = new TransactionProducerBean();
          bean.setProperties(complete);
          bean.setLocalTransactionChecker(checker);
          return bean;
        });
  }

  /**
   * Makes a bean of a consumer.
   *
   * @param properties everything but the AccessKey
   * @param secretName the managed RAM secret
   * @return a bean of a consumer; shut it down when it is no longer needed
   * @throws CacheSecretException if no AccessKey can be had
   */
  public ConsumerBean createOnsConsumerBean(Properties properties, String secretName) throws CacheSecretException {
    return create(
        properties,
        secretName,
        complete -> {
          ConsumerBean bean = new ConsumerBean();
          bean.setProperties(complete);
          return bean;
        });
  }

  /**
   * Makes a bean of a consumer of batches.
   *
   * @param properties everything but the AccessKey
   * @param secretName the managed RAM secret
   * @return a bean of a consumer of batches; shut it down when it is no longer needed
   * @throws CacheSecretException if no AccessKey can be had
   */
  public BatchConsumerBean createOnsBatchConsumerBean(Properties properties, String secretName) throws CacheSecretException {
    return create(
        properties,
        secretName,
        complete -> {
          BatchConsumerBean bean = new BatchConsumerBean();
          bean.setProperties(complete);
          return bean;
        });
  }

  /**
   * Makes a bean of a consumer of ordered messages.
   *
   * @param properties everything but the AccessKey
   * @param secretName the managed RAM secret
   * @return a bean of a consumer of ordered messages; shut it down when it is no longer needed
   * @throws CacheSecretException if no AccessKey can be had
   */
  public OrderConsumerBean createOnsOrderedConsumerBean(Properties properties, String secretName) throws CacheSecretException {
    return create(
        properties,
        secretName,
        complete -> {
          OrderConsumerBean bean = new OrderConsumerBean();
          bean.setProperties(complete);
          return bean;
        });
  }

  /**
   * Shuts a client down.
   *
   * @param admin the client
   * @param secretName the managed RAM secret
   * @throws IOException never; declared as in the official SDK
   */
  public void closeOnsClient(Admin admin, String secretName) throws IOException {
    plugin.closeSecretsManagerPluginUpdaterAndClient(plugin.getSecretName(secretName), admin);
  }

  /**
   * Shuts down all clients that were made here.
   *
   * @throws IOException never; declared as in the official SDK
   */
  public void destroy() throws IOException {
    plugin.closeSecretsManagerPluginUpdaterAndClient(Collections.singleton(OnsPluginCredentialUpdater.class));
  }
}
