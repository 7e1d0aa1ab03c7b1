package com.aliyuncs.kms.secretsmanager.client.cache;

import com.aliyuncs.exceptions.ClientException;
import com.aliyuncs.kms.secretsmanager.client.exception.CacheSecretException;
import com.aliyuncs.kms.secretsmanager.client.model.CacheSecretInfo;
import com.aliyuncs.kms.secretsmanager.client.model.SecretInfo;
import java.io.Closeable;

/** Sees secrets come and go. Called from several threads. */
public interface SecretCacheHook extends Closeable {
  /**
   * Called once, before the first secret comes.
   *
   * @throws CacheSecretException if the hook cannot work
   */
  void init() throws CacheSecretException;

  /**
   * A secret was fetched.
   *
   * @param secretInfo the secret
   * @return what to keep
   */
  CacheSecretInfo put(SecretInfo secretInfo);

  /**
   * A secret is asked for.
   *
   * @param cachedObject what was kept
   * @return what to hand out
   */
  SecretInfo get(CacheSecretInfo cachedObject);

  /**
   * A secret could not be fetched.
   *
   * @param secretName its name
   * @return the secret from elsewhere; null if there is none
   * @throws ClientException if it cannot be had there
   */
  SecretInfo recoveryGetSecret(String secretName) throws ClientException;
}
