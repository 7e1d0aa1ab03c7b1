package com.aliyun.kms.secretsmanager.plugin.common.service;

import com.aliyun.kms.secretsmanager.plugin.common.model.MonitorMessageInfo;
import com.aliyuncs.kms.secretsmanager.client.SecretCacheClient;
import com.aliyuncs.kms.secretsmanager.client.exception.CacheSecretException;
import com.aliyuncs.kms.secretsmanager.client.model.CacheSecretInfo;
import java.io.IOException;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;

/** Keeps what was fetched in memory. It watches nothing: kmsak itself sees to it that secrets are fetched in time. */
public class MonitorMemoryCacheSecretStoreStrategy implements MonitorCacheSecretStoreStrategy {
  private final Map<String, CacheSecretInfo> kept = new ConcurrentHashMap<>();

  /** Without anything kept. */
  public MonitorMemoryCacheSecretStoreStrategy() {}

  /**
   * Without anything kept. The times are those of the official class, and have no effect.
   *
   * @param monitorPeriod not used
   * @param monitorCustomerPeriod not used
   */
  public MonitorMemoryCacheSecretStoreStrategy(long monitorPeriod, long monitorCustomerPeriod) {}

  @Override
  public void addRefreshHook(SecretCacheClient client) {}

  @Override
  public void addMonitorQueue(BlockingQueue<MonitorMessageInfo> blockingQueue) {}

  @Override
  public void init() throws CacheSecretException {}

  @Override
  public void storeSecret(CacheSecretInfo cacheSecretInfo) {
    kept.put(cacheSecretInfo.getSecretInfo().getSecretName(), cacheSecretInfo);
  }

  @Override
  public CacheSecretInfo getCacheSecretInfo(String secretName) {
    return kept.get(secretName);
  }

  @Override
  public void close() throws IOException {
    kept.clear();
  }
}
