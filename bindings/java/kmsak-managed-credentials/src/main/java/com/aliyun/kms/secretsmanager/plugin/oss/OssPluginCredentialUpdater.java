package com.aliyun.kms.secretsmanager.plugin.oss;

import com.aliyun.kms.secretsmanager.plugin.common.SecretsManagerPluginCredentialUpdater;
import com.aliyun.kms.secretsmanager.plugin.common.auth.SecretsManagerPluginCredentials;
import com.aliyun.kms.secretsmanager.plugin.common.utils.CredentialsUtils;
import com.aliyun.oss.OSSClient;
import com.aliyun.oss.common.auth.DefaultCredentials;
import com.aliyuncs.kms.secretsmanager.client.model.SecretInfo;
import java.io.IOException;

/** Gives an OSS client each new AccessKey. */
public class OssPluginCredentialUpdater implements SecretsManagerPluginCredentialUpdater<OSSClient> {
  private final OSSClient client;
  private final OssPluginCredentialsProvider provider;

  /**
   * For a client.
   *
   * @param ossClient is shut down with this; null for none
   * @param provider takes each new AccessKey; null for a client that asks kmsak itself
   */
  public OssPluginCredentialUpdater(OSSClient ossClient, OssPluginCredentialsProvider provider) {
    this.client = ossClient;
    this.provider = provider;
  }

  @Override
  public OSSClient getClient() {
    return client;
  }

  @Override
  public void updateCredential(SecretInfo secretInfo) {
    if (provider != null) {
      SecretsManagerPluginCredentials now = CredentialsUtils.generateCredentialsBySecret(secretInfo.getSecretValue());
      provider.setCredentials(new DefaultCredentials(now.getAccessKeyId(), now.getAccessKeySecret()));
    }
  }

  @Override
  public void close() throws IOException {
    if (client != null) {
      client.shutdown();
    }
  }
}
