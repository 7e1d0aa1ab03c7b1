package com.aliyun.kms.secretsmanager.plugin.common;

/**
 * Makes a client of a cloud service.
 *
 * @param <T> the client's type
 */
public interface CloudClientBuilder<T> {
  /**
   * Makes a client.
   *
   * @return the client
   * @throws Exception if it cannot be made
   */
  T build() throws Exception;
}
