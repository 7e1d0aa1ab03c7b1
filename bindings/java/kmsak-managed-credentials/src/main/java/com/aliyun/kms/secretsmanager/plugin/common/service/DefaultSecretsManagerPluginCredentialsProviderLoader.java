package com.aliyun.kms.secretsmanager.plugin.common.service;

import com.aliyun.kms.secretsmanager.plugin.common.model.SecretsManagerPluginCredentialsProvider;

/**
 * Leaves everything but what is set here to the configuration that {@link com.aliyun.kms.secretsmanager.plugin.common.utils.ConfigLoader}
 * names. kmsak reads that itself.
 */
public class DefaultSecretsManagerPluginCredentialsProviderLoader implements SecretsManagerPluginCredentialsProviderLoader {
  private final SecretsManagerPluginCredentialsProvider settings;

  /** With nothing set. */
  public DefaultSecretsManagerPluginCredentialsProviderLoader() {
    this(new SecretsManagerPluginCredentialsProvider());
  }

  /**
   * With settings.
   *
   * @param secretsManagerPluginCredentialsProvider what to do otherwise than the configuration says
   */
  public DefaultSecretsManagerPluginCredentialsProviderLoader(
      SecretsManagerPluginCredentialsProvider secretsManagerPluginCredentialsProvider) {
    this.settings = secretsManagerPluginCredentialsProvider;
  }

  @Override
  public SecretsManagerPluginCredentialsProvider load() {
    return settings;
  }

  @Override
  public void setRotationInterval(long rotationInterval) {
    settings.setRotationInterval(rotationInterval);
  }

  @Override
  public void setDelayInterval(long delayInterval) {
    settings.setDelayInterval(delayInterval);
  }
}
