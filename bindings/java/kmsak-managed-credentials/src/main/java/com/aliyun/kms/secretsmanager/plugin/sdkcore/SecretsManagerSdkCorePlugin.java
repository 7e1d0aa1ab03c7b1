package com.aliyun.kms.secretsmanager.plugin.sdkcore;

import com.aliyun.kms.secretsmanager.plugin.common.AKExpireHandler;
import com.aliyun.kms.secretsmanager.plugin.common.AliyunSDKSecretsManagerPlugin;
import com.aliyuncs.IAcsClient;
import com.aliyuncs.exceptions.ClientException;
import com.aliyuncs.kms.secretsmanager.client.exception.CacheSecretException;
import com.aliyuncs.profile.DefaultProfile;
import java.io.IOException;
import java.util.Collections;

/** Makes clients of the V1.0 SDKs with a managed AccessKey, for a plug-in. */
public class SecretsManagerSdkCorePlugin {
  private AliyunSDKSecretsManagerPlugin plugin;
  private AKExpireHandler<ClientException> handler;

  /** Without a plug-in, which is to be set. */
  public SecretsManagerSdkCorePlugin() {}

  /**
   * For a plug-in.
   *
   * @param secretsManagerPlugin the plug-in
   */
  public SecretsManagerSdkCorePlugin(AliyunSDKSecretsManagerPlugin secretsManagerPlugin) {
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

  /**
   * Sets what tells a rejected AccessKey, for clients that are made without a handler of their own.
   *
   * @param akExpireHandler the handler; null for the usual error codes
   */
  public void setAkExpireHandler(AKExpireHandler<ClientException> akExpireHandler) {
    this.handler = akExpireHandler;
  }

  /**
   * A client for a region.
   *
   * @param regionId such as {@code cn-hangzhou}
   * @param secretName the managed RAM secret
   * @return a client; shut it down when it is no longer needed
   * @throws CacheSecretException if no AccessKey can be had
   */
  public IAcsClient getSdkCoreClient(String regionId, String secretName) throws CacheSecretException {
    return getSdkCoreClient(regionId, secretName, null);
  }

  /**
   * A client for a region.
   *
   * @param regionId such as {@code cn-hangzhou}
   * @param secretName the managed RAM secret
   * @param akExpireHandler tells a rejected AccessKey; null for what was set
   * @return a client; shut it down when it is no longer needed
   * @throws CacheSecretException if no AccessKey can be had
   */
  public IAcsClient getSdkCoreClient(
      String regionId, String secretName, AKExpireHandler<ClientException> akExpireHandler) throws CacheSecretException {
    return getSdkCoreClient(DefaultProfile.getProfile(regionId), secretName, akExpireHandler);
  }

  /**
   * A client for a profile.
   *
   * @param profile the region and the HTTP settings
   * @param secretName the managed RAM secret
   * @return a client; shut it down when it is no longer needed
   * @throws CacheSecretException if no AccessKey can be had
   */
  public IAcsClient getSdkCoreClient(DefaultProfile profile, String secretName) throws CacheSecretException {
    return getSdkCoreClient(profile, secretName, null);
  }

  /**
   * A client for a profile.
   *
   * @param profile the region and the HTTP settings; null for the default profile
   * @param secretName the managed RAM secret
   * @param akExpireHandler tells a rejected AccessKey; null for what was set
   * @return a client; shut it down when it is no longer needed
   * @throws CacheSecretException if no AccessKey can be had
   */
  public IAcsClient getSdkCoreClient(
      DefaultProfile profile, String secretName, AKExpireHandler<ClientException> akExpireHandler)
      throws CacheSecretException {
    String name = plugin.getSecretName(secretName);
    plugin.getSecretInfo(name);
    IAcsClient client =
        new PluginAcsClient(
            profile == null ? DefaultProfile.getProfile() : profile,
            plugin,
            name,
            akExpireHandler == null ? handler : akExpireHandler);
    plugin.registerSecretsManagerPluginUpdater(name, new SdkCorePluginCredentialUpdater(client, null));
    return client;
  }

  /**
   * Shuts a client down.
   *
   * @param client the client
   * @param secretName the managed RAM secret
   * @throws IOException never; declared as in the official SDK
   */
  public void closeSdkCoreClient(IAcsClient client, String secretName) throws IOException {
    plugin.closeSecretsManagerPluginUpdaterAndClient(plugin.getSecretName(secretName), client);
  }

  /**
   * Shuts down all clients that were made here.
   *
   * @throws IOException never; declared as in the official SDK
   */
  public void destroy() throws IOException {
    plugin.closeSecretsManagerPluginUpdaterAndClient(Collections.singleton(SdkCorePluginCredentialUpdater.class));
  }
}
