package com.aliyun.kms.secretsmanager.plugin.sdkcore;

import com.aliyun.kms.secretsmanager.plugin.common.AKExpireHandler;
import com.aliyun.kms.secretsmanager.plugin.common.AliyunSDKSecretsManagerPlugin;
import com.aliyuncs.exceptions.ClientException;
import com.aliyuncs.profile.IClientProfile;
import io.kmsak.managedcredentials.Log;
import io.kmsak.sdkcore.KmsakAcsClient;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicBoolean;

/** A client that its plug-in knows until it is shut down. */
final class PluginAcsClient extends KmsakAcsClient {
  private final AliyunSDKSecretsManagerPlugin plugin;
  private final String secretName;
  private final AtomicBoolean ended = new AtomicBoolean();

  PluginAcsClient(
      IClientProfile profile,
      AliyunSDKSecretsManagerPlugin plugin,
      String secretName,
      AKExpireHandler<ClientException> handler) {
    super(profile, plugin.provider(), secretName, handler == null ? null : handler::judgeAKExpire);
    this.plugin = plugin;
    this.secretName = secretName;
  }

  @Override
  public void shutdown() {
    if (ended.compareAndSet(false, true)) {
      super.shutdown();
      try {
        plugin.closeSecretsManagerPluginUpdaterAndClient(secretName, this);
      } catch (IOException failure) {
        Log.warn("a client of " + secretName + " could not be closed", failure);
      }
    }
  }
}
