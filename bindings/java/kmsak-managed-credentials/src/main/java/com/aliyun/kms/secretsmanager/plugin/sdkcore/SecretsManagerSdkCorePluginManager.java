package com.aliyun.kms.secretsmanager.plugin.sdkcore;

import com.aliyun.kms.secretsmanager.plugin.common.AKExpireHandler;
import com.aliyun.kms.secretsmanager.plugin.common.AliyunSDKSecretsManagerPluginsManager;
import com.aliyuncs.IAcsClient;
import com.aliyuncs.exceptions.ClientException;
import com.aliyuncs.kms.secretsmanager.client.exception.CacheSecretException;
import com.aliyuncs.profile.DefaultProfile;
import java.io.IOException;

/** Makes clients of the V1.0 SDKs with a managed AccessKey, for the application's plug-in. */
public class SecretsManagerSdkCorePluginManager {
  private static volatile AKExpireHandler<ClientException> handler;

  /** There are only static methods; public as in the official SDK. */
  public SecretsManagerSdkCorePluginManager() {}

  private static SecretsManagerSdkCorePlugin plugin() throws CacheSecretException {
    AliyunSDKSecretsManagerPluginsManager.init();
    SecretsManagerSdkCorePlugin plugin =
        new SecretsManagerSdkCorePlugin(AliyunSDKSecretsManagerPluginsManager.getSecretsManagerPlugin());
    plugin.setAkExpireHandler(handler);
    return plugin;
  }

  /**
   * A client for a region.
   *
   * @param regionId such as {@code cn-hangzhou}
   * @param secretName the managed RAM secret
   * @return a client; shut it down when it is no longer needed
   * @throws CacheSecretException if no AccessKey can be had
   */
  public static IAcsClient getSdkCoreClient(String regionId, String secretName) throws CacheSecretException {
    return plugin().getSdkCoreClient(regionId, secretName);
  }

  /**
   * A client for a region.
   *
   * @param regionId such as {@code cn-hangzhou}
   * @param secretName the managed RAM secret
   * @param akExpireHandle tells a rejected AccessKey; null for what was set
   * @return a client; shut it down when it is no longer needed
   * @throws CacheSecretException if no AccessKey can be had
   */
  public static IAcsClient getSdkCoreClient(
      String regionId, String secretName, AKExpireHandler<ClientException> akExpireHandle) throws CacheSecretException {
    return plugin().getSdkCoreClient(regionId, secretName, akExpireHandle);
  }

  /**
   * A client for a profile.
   *
   * @param profile the region and the HTTP settings
   * @param secretName the managed RAM secret
   * @return a client; shut it down when it is no longer needed
   * @throws CacheSecretException if no AccessKey can be had
   */
  public static IAcsClient getSdkCoreClient(DefaultProfile profile, String secretName) throws CacheSecretException {
    return plugin().getSdkCoreClient(profile, secretName);
  }

  /**
   * A client for a profile.
   *
   * @param profile the region and the HTTP settings
   * @param secretName the managed RAM secret
   * @param akExpireHandle tells a rejected AccessKey; null for what was set
   * @return a client; shut it down when it is no longer needed
   * @throws CacheSecretException if no AccessKey can be had
   */
  public static IAcsClient getSdkCoreClient(
      DefaultProfile profile, String secretName, AKExpireHandler<ClientException> akExpireHandle)
      throws CacheSecretException {
    return plugin().getSdkCoreClient(profile, secretName, akExpireHandle);
  }

  /**
   * Shuts a client down.
   *
   * @param acsClient the client
   * @param secretName the managed RAM secret
   * @throws IOException never; declared as in the official SDK
   */
  public static void closeSdkCoreClient(IAcsClient acsClient, String secretName) throws IOException {
    new SecretsManagerSdkCorePlugin(AliyunSDKSecretsManagerPluginsManager.getSecretsManagerPlugin())
        .closeSdkCoreClient(acsClient, secretName);
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
    new SecretsManagerSdkCorePlugin(AliyunSDKSecretsManagerPluginsManager.getSecretsManagerPlugin()).destroy();
  }
}
