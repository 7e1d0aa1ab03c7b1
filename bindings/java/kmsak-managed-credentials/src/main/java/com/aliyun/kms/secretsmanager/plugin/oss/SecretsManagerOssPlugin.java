package com.aliyun.kms.secretsmanager.plugin.oss;

import com.aliyun.kms.secretsmanager.plugin.common.AKExpireHandler;
import com.aliyun.kms.secretsmanager.plugin.common.AliyunSDKSecretsManagerPlugin;
import com.aliyun.oss.ClientConfiguration;
import com.aliyun.oss.OSS;
import com.aliyun.oss.OSSClient;
import com.aliyun.oss.OSSException;
import com.aliyuncs.kms.secretsmanager.client.exception.CacheSecretException;
import io.kmsak.managedcredentials.Log;
import io.kmsak.oss.KmsakOSSClientBuilder;
import java.io.IOException;
import java.util.Collections;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Predicate;

/** Makes OSS clients with a managed AccessKey, for a plug-in. The handlers are raw types as in the official SDK. */
@SuppressWarnings("rawtypes")
public class SecretsManagerOssPlugin {
  private AliyunSDKSecretsManagerPlugin plugin;
  private AKExpireHandler handler;

  /** Without a plug-in, which is to be set. */
  public SecretsManagerOssPlugin() {}

  /**
   * For a plug-in.
   *
   * @param secretsManagerPlugin the plug-in
   */
  public SecretsManagerOssPlugin(AliyunSDKSecretsManagerPlugin secretsManagerPlugin) {
    this(secretsManagerPlugin, null);
  }

  /**
   * For a plug-in, with a handler.
   *
   * @param secretsManagerPlugin the plug-in
   * @param akExpireHandler tells a rejected AccessKey; null for the usual error codes
   */
  public SecretsManagerOssPlugin(AliyunSDKSecretsManagerPlugin secretsManagerPlugin, AKExpireHandler akExpireHandler) {
    this.plugin = secretsManagerPlugin;
    this.handler = akExpireHandler;
  }

  /**
   * Sets the plug-in.
   *
   * @param secretsManagerPlugin the plug-in
   */
  public void setSecretsManagerPlugin(AliyunSDKSecretsManagerPlugin secretsManagerPlugin) {
    this.plugin = secretsManagerPlugin;
  }

  /**
   * Sets what tells a rejected AccessKey, for clients that are made without a handler of their own.
   *
   * @param akExpireHandler the handler; null for the usual error codes
   */
  public void setAkExpireHandler(AKExpireHandler akExpireHandler) {
    this.handler = akExpireHandler;
  }

  @SuppressWarnings("unchecked")
  static Predicate<OSSException> isRejection(AKExpireHandler handler) {
    return handler == null ? null : ((AKExpireHandler<OSSException>) handler)::judgeAKExpire;
  }

  /**
   * A client.
   *
   * @param endpoint such as {@code https://oss-cn-hangzhou.aliyuncs.com}
   * @param secretName the managed RAM secret
   * @return a client; shut it down when it is no longer needed
   * @throws CacheSecretException if no AccessKey can be had
   */
  public OSS getOssClient(String endpoint, String secretName) throws CacheSecretException {
    return getOssClient(endpoint, null, secretName, null);
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
  public OSS getOssClient(String endpoint, String secretName, AKExpireHandler akExpireHandler) throws CacheSecretException {
    return getOssClient(endpoint, null, secretName, akExpireHandler);
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
  public OSS getOssClient(String endpoint, ClientConfiguration config, String secretName) throws CacheSecretException {
    return getOssClient(endpoint, config, secretName, null);
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
  public OSS getOssClient(
      String endpoint, ClientConfiguration config, String secretName, AKExpireHandler akExpireHandler)
      throws CacheSecretException {
    String name = plugin.getSecretName(secretName);
    plugin.getSecretInfo(name);
    AliyunSDKSecretsManagerPlugin own = plugin;
    AtomicReference<OSSClient> made = new AtomicReference<>();
    made.set(
        new KmsakOSSClientBuilder()
            .build(
                endpoint,
                config,
                own.provider(),
                name,
                isRejection(akExpireHandler == null ? handler : akExpireHandler),
                () -> forget(own, name, made.getAndSet(null))));
    OSSClient client = made.get();
    own.registerSecretsManagerPluginUpdater(name, new OssPluginCredentialUpdater(client, null));
    return client;
  }

  private static void forget(AliyunSDKSecretsManagerPlugin plugin, String secretName, OSSClient client) {
    if (client == null) {
      return;
    }
    try {
      plugin.closeSecretsManagerPluginUpdaterAndClient(secretName, client);
    } catch (IOException failure) {
      Log.warn("a client of " + secretName + " could not be closed", failure);
    }
  }

  /**
   * Shuts a client down.
   *
   * @param ossClient the client
   * @param secretName the managed RAM secret
   * @throws IOException never; declared as in the official SDK
   */
  public void closeOssClient(OSS ossClient, String secretName) throws IOException {
    plugin.closeSecretsManagerPluginUpdaterAndClient(plugin.getSecretName(secretName), ossClient);
  }

  /**
   * Shuts down all clients that were made here.
   *
   * @throws IOException never; declared as in the official SDK
   */
  public void destroy() throws IOException {
    plugin.closeSecretsManagerPluginUpdaterAndClient(Collections.singleton(OssPluginCredentialUpdater.class));
  }
}
