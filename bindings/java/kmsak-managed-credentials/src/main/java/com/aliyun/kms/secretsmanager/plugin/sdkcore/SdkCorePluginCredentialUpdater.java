package com.aliyun.kms.secretsmanager.plugin.sdkcore;

import com.aliyun.kms.secretsmanager.plugin.common.SecretsManagerPluginCredentialUpdater;
import com.aliyun.kms.secretsmanager.plugin.common.auth.SecretsManagerPluginCredentials;
import com.aliyun.kms.secretsmanager.plugin.common.utils.CredentialsUtils;
import com.aliyuncs.IAcsClient;
import com.aliyuncs.auth.BasicCredentials;
import com.aliyuncs.kms.secretsmanager.client.model.SecretInfo;
import java.io.IOException;

/** Gives a client of the V1.0 SDKs each new AccessKey. */
public class SdkCorePluginCredentialUpdater implements SecretsManagerPluginCredentialUpdater<IAcsClient> {
  private final IAcsClient client;
  private final SdkCorePluginCredentialProvider provider;

  /**
   * For a client.
   *
   * @param client is shut down with this; null for none
   * @param provider takes each new AccessKey; null for a client that asks kmsak itself
   */
  public SdkCorePluginCredentialUpdater(IAcsClient client, SdkCorePluginCredentialProvider provider) {
    this.client = client;
    this.provider = provider;
  }

  @Override
  public IAcsClient getClient() {
    return client;
  }

  @Override
  public void updateCredential(SecretInfo secretInfo) {
    if (provider != null) {
      SecretsManagerPluginCredentials now = CredentialsUtils.generateCredentialsBySecret(secretInfo.getSecretValue());
      provider.setCredentials(new BasicCredentials(now.getAccessKeyId(), now.getAccessKeySecret()));
    }
  }

  @Override
  public void close() throws IOException {
    if (client != null) {
      client.shutdown();
    }
  }
}
