package com.aliyun.kms.secretsmanager.plugin.common.service;

import com.aliyun.kms.secretsmanager.plugin.common.model.SecretsManagerPluginCredentialsProvider;

/** Says how a plug-in is configured. */
public interface SecretsManagerPluginCredentialsProviderLoader {
  /**
   * Called when the plug-in begins.
   *
   * @return what to do otherwise than the configuration says
   */
  SecretsManagerPluginCredentialsProvider load();

  /**
   * Sets how often a secret without a rotation date in sight is fetched.
   *
   * @param rotationInterval milliseconds
   */
  void setRotationInterval(long rotationInterval);

  /**
   * Sets how long after its rotation date a secret is fetched.
   *
   * @param delayInterval milliseconds
   */
  void setDelayInterval(long delayInterval);
}
