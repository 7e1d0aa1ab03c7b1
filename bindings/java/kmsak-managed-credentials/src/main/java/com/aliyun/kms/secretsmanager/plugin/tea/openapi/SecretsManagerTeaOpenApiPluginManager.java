package com.aliyun.kms.secretsmanager.plugin.tea.openapi;

import com.aliyun.kms.secretsmanager.plugin.common.AKExpireHandler;
import com.aliyun.kms.secretsmanager.plugin.common.AliyunSDKSecretsManagerPluginsManager;
import com.aliyun.tea.TeaException;
import com.aliyun.teaopenapi.Client;
import com.aliyun.teaopenapi.models.Config;
import com.aliyuncs.kms.secretsmanager.client.exception.CacheSecretException;
import java.io.IOException;

/** Makes clients of the V2.0 SDKs with a managed AccessKey, for the application's plug-in. */
public class SecretsManagerTeaOpenApiPluginManager {
  /** There are only static methods; public as in the official SDK. */
  public SecretsManagerTeaOpenApiPluginManager() {}

  private static SecretsManagerTeaOpenApiPlugin plugin(AKExpireHandler<TeaException> handler) throws CacheSecretException {
    AliyunSDKSecretsManagerPluginsManager.init();
    SecretsManagerTeaOpenApiPlugin plugin =
        new SecretsManagerTeaOpenApiPlugin(AliyunSDKSecretsManagerPluginsManager.getSecretsManagerPlugin());
    plugin.setAkExpireHandler(handler);
    return plugin;
  }

  /**
   * A client for an endpoint.
   *
   * @param endpoint the service's host
   * @param clientClass the SDK's client class
   * @param secretName the managed RAM secret
   * @param <T> the SDK's client class
   * @return a client
   * @throws CacheSecretException if no AccessKey can be had
   */
  public static <T extends Client> T getTeaOpenApiClient(
      String endpoint, Class<? extends Client> clientClass, String secretName) throws CacheSecretException {
    return plugin(null).getTeaOpenApiClient(endpoint, clientClass, secretName);
  }

  /**
   * A client for a configuration, whose credential is replaced.
   *
   * @param config endpoint, region and HTTP settings
   * @param clientClass the SDK's client class
   * @param secretName the managed RAM secret
   * @param <T> the SDK's client class
   * @return a client
   * @throws CacheSecretException if no AccessKey can be had
   */
  public static <T extends Client> T getTeaOpenApiClient(
      Config config, Class<? extends Client> clientClass, String secretName) throws CacheSecretException {
    return plugin(null).getTeaOpenApiClient(config, clientClass, secretName);
  }

  /**
   * A client for an endpoint, with a handler.
   *
   * @param endpoint the service's host
   * @param clientClass the SDK's client class
   * @param secretName the managed RAM secret
   * @param akExpireHandler tells a rejected AccessKey; null for the usual error codes
   * @param <T> the SDK's client class
   * @return a client
   * @throws CacheSecretException if no AccessKey can be had
   */
  public static <T extends Client> T getTeaOpenApiClient(
      String endpoint, Class<? extends Client> clientClass, String secretName, AKExpireHandler<TeaException> akExpireHandler)
      throws CacheSecretException {
    return plugin(akExpireHandler).getTeaOpenApiClient(endpoint, clientClass, secretName);
  }

  /**
   * A client for a configuration, whose credential is replaced, with a handler.
   *
   * @param config endpoint, region and HTTP settings
   * @param clientClass the SDK's client class
   * @param secretName the managed RAM secret
   * @param akExpireHandler tells a rejected AccessKey; null for the usual error codes
   * @param <T> the SDK's client class
   * @return a client
   * @throws CacheSecretException if no AccessKey can be had
   */
  public static <T extends Client> T getTeaOpenApiClient(
      Config config, Class<? extends Client> clientClass, String secretName, AKExpireHandler<TeaException> akExpireHandler)
      throws CacheSecretException {
    return plugin(akExpireHandler).getTeaOpenApiClient(config, clientClass, secretName);
  }

  /**
   * Forgets a client, which has nothing to close.
   *
   * @param openApiClient the client
   * @param secretName the managed RAM secret
   * @param <T> the SDK's client class
   * @throws IOException never; declared as in the official SDK
   */
  public static <T extends Client> void closeOpenApiClient(T openApiClient, String secretName) throws IOException {
    new SecretsManagerTeaOpenApiPlugin(AliyunSDKSecretsManagerPluginsManager.getSecretsManagerPlugin())
        .closeOpenApiClient(openApiClient, secretName);
  }

  /**
   * Forgets all clients that were made here.
   *
   * @throws IOException never; declared as in the official SDK
   */
  public static void destroy() throws IOException {
    new SecretsManagerTeaOpenApiPlugin(AliyunSDKSecretsManagerPluginsManager.getSecretsManagerPlugin()).destroy();
  }
}
