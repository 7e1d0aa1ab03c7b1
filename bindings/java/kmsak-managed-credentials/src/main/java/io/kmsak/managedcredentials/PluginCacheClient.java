package io.kmsak.managedcredentials;

import com.aliyun.kms.secretsmanager.plugin.common.AliyunSDKSecretsManagerPlugin;
import com.aliyuncs.kms.secretsmanager.client.SecretCacheClient;
import com.aliyuncs.kms.secretsmanager.client.exception.CacheSecretException;
import com.aliyuncs.kms.secretsmanager.client.model.SecretInfo;

/** A plug-in as the official client that a store asks. */
public final class PluginCacheClient extends SecretCacheClient {
  private final AliyunSDKSecretsManagerPlugin plugin;

  /**
   * For a plug-in.
   *
   * @param plugin gives the secrets
   */
  public PluginCacheClient(AliyunSDKSecretsManagerPlugin plugin) {
    this.plugin = plugin;
  }

  @Override
  public SecretInfo getSecretInfo(String secretName) throws CacheSecretException {
    return plugin.getSecretInfo(secretName);
  }

  @Override
  public boolean refreshNow(String secretName) {
    return plugin.refreshNow(secretName);
  }

  /** Does nothing: the plug-in is shut down by its owner. */
  @Override
  public void close() {}
}
