package com.aliyun.kms.secretsmanager.plugin.tea.openapi;

import com.aliyun.kms.secretsmanager.plugin.common.AKExpireHandler;
import com.aliyun.kms.secretsmanager.plugin.common.AliyunSDKSecretsManagerPlugin;
import com.aliyun.tea.TeaException;
import com.aliyun.teaopenapi.Client;
import com.aliyun.teaopenapi.models.Config;
import com.aliyuncs.kms.secretsmanager.client.exception.CacheSecretException;
import java.io.IOException;
import java.util.Collections;

/** Makes clients of the V2.0 SDKs with a managed AccessKey, for a plug-in. */
public class SecretsManagerTeaOpenApiPlugin {
  private AliyunSDKSecretsManagerPlugin plugin;
  private AKExpireHandler<TeaException> handler;

  /** Without a plug-in, which is to be set. */
  public SecretsManagerTeaOpenApiPlugin() {}

  /**
   * For a plug-in.
   *
   * @param secretsManagerPlugin the plug-in
   */
  public SecretsManagerTeaOpenApiPlugin(AliyunSDKSecretsManagerPlugin secretsManagerPlugin) {
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
   * Sets what tells a rejected AccessKey, for clients that are made from now on.
   *
   * @param akExpireHandler the handler; null for the usual error codes
   */
  public void setAkExpireHandler(AKExpireHandler<TeaException> akExpireHandler) {
    this.handler = akExpireHandler;
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
  public <T extends Client> T getTeaOpenApiClient(String endpoint, Class<? extends Client> clientClass, String secretName)
      throws CacheSecretException {
    Config config = new Config();
    config.endpoint = endpoint;
    return getTeaOpenApiClient(config, clientClass, secretName);
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
  public <T extends Client> T getTeaOpenApiClient(Config config, Class<? extends Client> clientClass, String secretName)
      throws CacheSecretException {
    String name = plugin.getSecretName(secretName);
    plugin.getSecretInfo(name);
    T client = RenewingClients.open(config, clientClass, new Renewal(plugin, plugin.provider(), name, handler));
    plugin.registerSecretsManagerPluginUpdater(name, new SecretsManagerTeaOpenApiCredentialUpdater<>(client));
    return client;
  }

  /**
   * Forgets a client, which has nothing to close.
   *
   * @param openApiClient the client
   * @param secretName the managed RAM secret
   * @param <T> the SDK's client class
   * @throws IOException never; declared as in the official SDK
   */
  public <T extends Client> void closeOpenApiClient(T openApiClient, String secretName) throws IOException {
    plugin.closeSecretsManagerPluginUpdaterAndClient(plugin.getSecretName(secretName), openApiClient);
  }

  /**
   * Forgets all clients that were made here.
   *
   * @throws IOException never; declared as in the official SDK
   */
  public void destroy() throws IOException {
    plugin.closeSecretsManagerPluginUpdaterAndClient(
        Collections.singleton(SecretsManagerTeaOpenApiCredentialUpdater.class));
  }
}
