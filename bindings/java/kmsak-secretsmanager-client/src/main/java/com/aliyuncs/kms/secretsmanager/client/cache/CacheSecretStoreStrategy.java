package com.aliyuncs.kms.secretsmanager.client.cache;

import com.aliyuncs.kms.secretsmanager.client.exception.CacheSecretException;
import com.aliyuncs.kms.secretsmanager.client.model.CacheSecretInfo;
import java.io.Closeable;

/** Keeps what was fetched. Called from several threads. */
public interface CacheSecretStoreStrategy extends Closeable {
  /**
   * Called once, before the first secret comes.
   *
   * @throws CacheSecretException if nothing can be kept
   */
  void init() throws CacheSecretException;

  /**
   * Keeps a secret.
   *
   * @param cacheSecretInfo what was fetched
   * @throws CacheSecretException if it cannot be kept
   */
  void storeSecret(CacheSecretInfo cacheSecretInfo) throws CacheSecretException;

  /**
   * A secret that was kept.
   *
   * @param secretName its name
   * @return the secret; null if it was not kept
   * @throws CacheSecretException if it cannot be read
   */
  CacheSecretInfo getCacheSecretInfo(String secretName) throws CacheSecretException;
}
