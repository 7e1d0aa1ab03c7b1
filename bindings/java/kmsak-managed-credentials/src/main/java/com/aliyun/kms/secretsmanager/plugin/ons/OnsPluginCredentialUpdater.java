package com.aliyun.kms.secretsmanager.plugin.ons;

import com.aliyun.kms.secretsmanager.plugin.common.SecretsManagerPluginCredentialUpdater;
import com.aliyun.kms.secretsmanager.plugin.common.auth.SecretsManagerPluginCredentials;
import com.aliyun.kms.secretsmanager.plugin.common.utils.CredentialsUtils;
import com.aliyun.openservices.ons.api.Admin;
import com.aliyun.openservices.ons.api.PropertyKeyConst;
import com.aliyuncs.kms.secretsmanager.client.model.SecretInfo;
import java.io.IOException;
import java.util.Properties;

/** Gives a client of ONS each new AccessKey. */
public class OnsPluginCredentialUpdater implements SecretsManagerPluginCredentialUpdater<Admin> {
  private final Admin client;

  /** What a bean begins with when it is started. */
  private final Properties beginning;

  /**
   * For a client.
   *
   * @param adminClient is shut down with this; null for none
   */
  public OnsPluginCredentialUpdater(Admin adminClient) {
    this(adminClient, new Properties());
  }

  OnsPluginCredentialUpdater(Admin adminClient, Properties beginning) {
    this.client = adminClient;
    this.beginning = beginning;
  }

  static void put(Properties properties, SecretsManagerPluginCredentials now) {
    properties.setProperty(PropertyKeyConst.AccessKey, now.getAccessKeyId());
    properties.setProperty(PropertyKeyConst.SecretKey, now.getAccessKeySecret());
  }

  @Override
  public Admin getClient() {
    return client;
  }

  @Override
  public void updateCredential(SecretInfo secretInfo) {
    SecretsManagerPluginCredentials now = CredentialsUtils.generateCredentialsBySecret(secretInfo.getSecretValue());
    put(beginning, now);
    Properties properties = new Properties();
    put(properties, now);
    client.updateCredential(properties);
  }

  @Override
  public void close() throws IOException {
    if (client != null) {
      client.shutdown();
    }
  }
}
