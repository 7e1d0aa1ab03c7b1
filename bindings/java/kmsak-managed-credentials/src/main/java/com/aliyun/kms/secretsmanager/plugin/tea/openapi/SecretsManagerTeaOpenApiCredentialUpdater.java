package com.aliyun.kms.secretsmanager.plugin.tea.openapi;

import com.aliyun.credentials.models.Config;
import com.aliyun.kms.secretsmanager.plugin.common.SecretsManagerPluginCredentialUpdater;
import com.aliyun.kms.secretsmanager.plugin.common.auth.SecretsManagerPluginCredentials;
import com.aliyun.kms.secretsmanager.plugin.common.utils.CredentialsUtils;
import com.aliyun.teaopenapi.Client;
import com.aliyuncs.kms.secretsmanager.client.model.SecretInfo;
import java.io.IOException;

/**
 * Gives a client of the V2.0 SDKs each new AccessKey. The clients of {@link ProxyClientCreator} ask kmsak themselves.
 *
 * @param <T> the SDK's client class
 */
public class SecretsManagerTeaOpenApiCredentialUpdater<T extends Client> implements SecretsManagerPluginCredentialUpdater<T> {
  private final T client;

  /**
   * For a client.
   *
   * @param openApiClient the client
   */
  public SecretsManagerTeaOpenApiCredentialUpdater(T openApiClient) {
    this.client = openApiClient;
  }

  @Override
  public T getClient() {
    return client;
  }

  @Override
  public void updateCredential(SecretInfo secretInfo) {
    if (client._credential instanceof io.kmsak.credentials.KmsakCredentialsClient) {
      return;
    }
    SecretsManagerPluginCredentials now = CredentialsUtils.generateCredentialsBySecret(secretInfo.getSecretValue());
    Config config = new Config();
    config.type = "access_key";
    config.accessKeyId = now.getAccessKeyId();
    config.accessKeySecret = now.getAccessKeySecret();
    client._credential = new com.aliyun.credentials.Client(config);
  }

  /** Does nothing: such a client has nothing to close. */
  @Override
  public void close() throws IOException {}
}
