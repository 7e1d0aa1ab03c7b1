package com.aliyuncs.kms.secretsmanager.client.service;

import com.aliyuncs.kms.secretsmanager.client.exception.CacheSecretException;
import com.aliyuncs.kms.secretsmanager.client.model.CacheSecretInfo;
import com.aliyuncs.kms.secretsmanager.client.model.SecretInfo;
import java.io.Closeable;

/** Says when a secret is to be fetched again. All times are in milliseconds, points in time since 1970. */
public interface RefreshSecretStrategy extends Closeable {
  /**
   * Called once, before the first secret comes.
   *
   * @throws CacheSecretException if the strategy cannot work
   */
  void init() throws CacheSecretException;

  /**
   * When to fetch, from the time for which a value is good.
   *
   * @param secretName the secret's name
   * @param ttl for how long a value is good
   * @param offsetTimestamp when the value was fetched
   * @return when to fetch
   */
  long getNextExecuteTime(String secretName, long ttl, long offsetTimestamp);

  /**
   * When to fetch, from the secret.
   *
   * @param cacheSecretInfo the secret
   * @return when to fetch; 0 or less if the secret does not say
   */
  long parseNextExecuteTime(CacheSecretInfo cacheSecretInfo);

  /**
   * For how long a value is good.
   *
   * @param secretInfo the secret
   * @return for how long; 0 or less if the secret does not say
   */
  long parseTTL(SecretInfo secretInfo);
}
