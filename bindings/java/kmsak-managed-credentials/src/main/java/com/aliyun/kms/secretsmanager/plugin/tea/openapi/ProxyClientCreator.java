package com.aliyun.kms.secretsmanager.plugin.tea.openapi;

import com.aliyun.kms.secretsmanager.plugin.common.AKExpireHandler;
import com.aliyun.tea.TeaException;
import com.aliyun.teaopenapi.Client;
import com.aliyun.teaopenapi.models.Config;
import com.aliyuncs.kms.secretsmanager.client.exception.CacheSecretException;
import io.kmsak.KmsakException;
import io.kmsak.managedcredentials.SharedProvider;
import java.util.Objects;

/**
 * Creates clients of the V2.0 SDKs with a managed AccessKey. Such a client has nothing to close: the provider behind it ends when nothing
 * can reach the client any more.
 */
public class ProxyClientCreator {
  /** There are only static methods; public as in the official SDK. */
  public ProxyClientCreator() {}

  /**
   * For an endpoint.
   *
   * @param endpoint the service's host
   * @param clientClass the SDK's client class
   * @param secretName the managed RAM secret
   * @param <T> the SDK's client class
   * @return a client
   * @throws CacheSecretException if no AccessKey can be had; the cause is a {@link KmsakException}
   */
  public static <T extends Client> T createClient(
      String endpoint, Class<? extends Client> clientClass, String secretName) throws CacheSecretException {
    return createClient(endpoint, clientClass, secretName, null);
  }

  /**
   * For a configuration, whose credential is replaced.
   *
   * @param config endpoint, region and HTTP settings
   * @param clientClass the SDK's client class
   * @param secretName the managed RAM secret
   * @param <T> the SDK's client class
   * @return a client
   * @throws CacheSecretException if no AccessKey can be had; the cause is a {@link KmsakException}
   */
  public static <T extends Client> T createClient(
      Config config, Class<? extends Client> clientClass, String secretName) throws CacheSecretException {
    return createClient(config, clientClass, secretName, null);
  }

  /**
   * For an endpoint, with a handler.
   *
   * @param endpoint the service's host
   * @param clientClass the SDK's client class
   * @param secretName the managed RAM secret
   * @param akExpireHandler tells a rejected AccessKey; null for the usual error codes
   * @param <T> the SDK's client class
   * @return a client
   * @throws CacheSecretException if no AccessKey can be had; the cause is a {@link KmsakException}
   */
  public static <T extends Client> T createClient(
      String endpoint,
      Class<? extends Client> clientClass,
      String secretName,
      AKExpireHandler<TeaException> akExpireHandler)
      throws CacheSecretException {
    Config config = new Config();
    config.endpoint = endpoint;
    return createClient(config, clientClass, secretName, akExpireHandler);
  }

  /**
   * For a configuration, whose credential is replaced, with a handler.
   *
   * @param config endpoint, region and HTTP settings
   * @param clientClass the SDK's client class
   * @param secretName the managed RAM secret
   * @param akExpireHandler tells a rejected AccessKey; null for the usual error codes
   * @param <T> the SDK's client class
   * @return a client
   * @throws CacheSecretException if no AccessKey can be had; the cause is a {@link KmsakException}
   */
  public static <T extends Client> T createClient(
      Config config,
      Class<? extends Client> clientClass,
      String secretName,
      AKExpireHandler<TeaException> akExpireHandler)
      throws CacheSecretException {
    Objects.requireNonNull(config, "config");
    Objects.requireNonNull(clientClass, "clientClass");
    SharedProvider share = SharedProvider.open(secretName);
    boolean made = false;
    try {
      T client =
          RenewingClients.open(
              config,
              clientClass,
              new Renewal(share, share.provider(), SharedProvider.realName(secretName), akExpireHandler));
      made = true;
      return client;
    } finally {
      if (!made) {
        share.close();
      }
    }
  }
}
