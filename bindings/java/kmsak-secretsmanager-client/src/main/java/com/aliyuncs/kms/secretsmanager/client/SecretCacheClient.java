package com.aliyuncs.kms.secretsmanager.client;

import com.aliyuncs.kms.secretsmanager.client.exception.CacheSecretException;
import com.aliyuncs.kms.secretsmanager.client.model.SecretInfo;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * Gives secrets. kmsak hands one to each {@code MonitorCacheSecretStoreStrategy}; one that was made by this constructor has nothing to give.
 * Safe to use from any thread.
 */
public class SecretCacheClient implements Closeable {
  /** One without secrets, for subclasses. */
  public SecretCacheClient() {}

  /**
   * A secret.
   *
   * @param secretName its name
   * @return the secret
   * @throws CacheSecretException if it cannot be had
   */
  public SecretInfo getSecretInfo(String secretName) throws CacheSecretException {
    throw new CacheSecretException(
        "this SecretCacheClient has no secrets: take io.kmsak.Provider, or the official alibabacloud-secretsmanager-client");
  }

  /**
   * The text of a secret.
   *
   * @param secretName its name
   * @return the text
   * @throws CacheSecretException if it cannot be had
   */
  public String getStringValue(String secretName) throws CacheSecretException {
    return value(secretName, "text");
  }

  /**
   * The bytes of a secret.
   *
   * @param secretName its name
   * @return its value in base64, as bytes
   * @throws CacheSecretException if it cannot be had
   */
  public ByteBuffer getBinaryValue(String secretName) throws CacheSecretException {
    return ByteBuffer.wrap(value(secretName, "binary").getBytes(StandardCharsets.UTF_8));
  }

  private String value(String secretName, String type) throws CacheSecretException {
    SecretInfo secret = getSecretInfo(secretName);
    if (!type.equals(secret.getSecretDataType())) {
      throw new IllegalArgumentException(secretName + " is not " + type + " but " + secret.getSecretDataType());
    }
    return secret.getSecretValue();
  }

  /**
   * Fetches a secret now.
   *
   * @param secretName its name
   * @return whether it was fetched
   * @throws InterruptedException never; declared as in the official client
   */
  public boolean refreshNow(String secretName) throws InterruptedException {
    return false;
  }

  @Override
  public void close() throws IOException {}
}
