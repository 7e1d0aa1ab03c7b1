package com.aliyun.kms.secretsmanager.plugin.oss;

import com.aliyun.kms.secretsmanager.plugin.common.AKExpireHandler;
import com.aliyun.kms.secretsmanager.plugin.common.AliyunSDKSecretsManagerPlugin;
import com.aliyun.kms.secretsmanager.plugin.common.AliyunSDKSecretsManagerPluginsManager;
import com.aliyun.oss.ClientConfiguration;
import com.aliyun.oss.OSS;
import com.aliyuncs.exceptions.ClientException;
import com.aliyuncs.kms.secretsmanager.client.exception.CacheSecretException;
import java.io.IOException;

/** Makes OSS clients with a managed AccessKey, for the application's plug-in. The handlers are raw types as in the official SDK. */
@SuppressWarnings("rawtypes")
public class SecretsManagerOssPluginManager {
  private static volatile AKExpireHandler handler;

  /** There are only static methods; public as in the official SDK. */
  public SecretsManagerOssPluginManager() {}

  private static SecretsManagerOssPlugin plugin() throws CacheSecretException {
    AliyunSDKSecretsManagerPluginsManager.init();
    return new SecretsManagerOssPlugin(AliyunSDKSecretsManagerPluginsManager.getSecretsManagerPlugin(), handler);
  }

  /**
   * A client with HTTP settings.
   *
   * @param endpoint such as {@code https://oss-cn-hangzhou.aliyuncs.com}
   * @param config the HTTP settings
   * @param secretName the managed RAM secret
   * @return a client; shut it down when it is no longer needed
   * @throws CacheSecretException if no AccessKey can be had
   */
  public static OSS getOssClient(String endpoint, ClientConfiguration config, String secretName)
      throws CacheSecretException {
    return plugin().getOssClient(endpoint, config, secretName);
  }

  /**
   * A client with HTTP settings and a handler.
   *
   * @param endpoint such as {@code https://oss-cn-hangzhou.aliyuncs.com}
   * @param config the HTTP settings; null for the SDK's own
   * @param secretName the managed RAM secret
   * @param akExpireHandler tells a rejected AccessKey; null for what was set
   * @return a client; shut it down when it is no longer needed
   * @throws CacheSecretException if no AccessKey can be had
   */
  public static OSS getOssClient(
      String endpoint, ClientConfiguration config, String secretName, AKExpireHandler akExpireHandler)
      throws CacheSecretException {
    return plugin().getOssClient(endpoint, config, secretName, akExpireHandler);
  }

  /**
   * A client.
   *
   * @param endpoint such as {@code https://oss-cn-hangzhou.aliyuncs.com}
   * @param secretName the managed RAM secret
   * @return a client; shut it down when it is no longer needed
   * @throws CacheSecretException if no AccessKey can be had
   */
  public static OSS getOssClient(String endpoint, String secretName) throws CacheSecretException {
    return plugin().getOssClient(endpoint, secretName);
  }

  /**
   * A client with a handler.
   *
   * @param endpoint such as {@code https://oss-cn-hangzhou.aliyuncs.com}
   * @param secretName the managed RAM secret
   * @param akExpireHandler tells a rejected AccessKey; null for what was set
   * @return a client; shut it down when it is no longer needed
   * @throws CacheSecretException if no AccessKey can be had
   */
  public static OSS getOssClient(String endpoint, String secretName, AKExpireHandler akExpireHandler)
      throws CacheSecretException {
    return plugin().getOssClient(endpoint, secretName, akExpireHandler);
  }

  /**
   * Shuts a client down.
   *
   * @param ossClient the client
   * @param secretName the managed RAM secret
   * @throws IOException never; declared as in the official SDK
   */
  public static void closeOssClient(OSS ossClient, String secretName) throws IOException {
    new SecretsManagerOssPlugin(getSecretsManagerPlugin()).closeOssClient(ossClient, secretName);
  }

  /**
   * Sets what tells a rejected AccessKey, for clients that are made without a handler of their own.
   *
   * @param akExpireHandler the handler; null for the usual error codes
   */
  public static void setAKExpireHandler(AKExpireHandler<ClientException> akExpireHandler) {
    handler = akExpireHandler;
  }

  /**
   * Shuts down all clients that were made here.
   *
   * @throws IOException never; declared as in the official SDK
   */
  public static void destroy() throws IOException {
    new SecretsManagerOssPlugin(getSecretsManagerPlugin()).destroy();
  }

  /**
   * The application's plug-in.
   *
   * @return the plug-in, which begins if it has not
   */
  public static AliyunSDKSecretsManagerPlugin getSecretsManagerPlugin() {
    return AliyunSDKSecretsManagerPluginsManager.getSecretsManagerPlugin();
  }
}
