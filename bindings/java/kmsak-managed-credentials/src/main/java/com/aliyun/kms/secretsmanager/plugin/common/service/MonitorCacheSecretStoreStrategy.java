package com.aliyun.kms.secretsmanager.plugin.common.service;

import com.aliyun.kms.secretsmanager.plugin.common.model.MonitorMessageInfo;
import com.aliyuncs.kms.secretsmanager.client.SecretCacheClient;
import com.aliyuncs.kms.secretsmanager.client.cache.CacheSecretStoreStrategy;
import java.util.concurrent.BlockingQueue;

/** Keeps what was fetched, and may ask for more. */
public interface MonitorCacheSecretStoreStrategy extends CacheSecretStoreStrategy {
  /**
   * Called once with what gives secrets.
   *
   * @param client gives secrets
   */
  void addRefreshHook(SecretCacheClient client);

  /**
   * Called once with what takes messages.
   *
   * @param blockingQueue takes them; they are logged
   */
  void addMonitorQueue(BlockingQueue<MonitorMessageInfo> blockingQueue);
}
