package com.aliyun.kms.secretsmanager.plugin.common.service;

/** Turns the application's names of secrets into KMS's. */
public interface SecretExchange {
  /**
   * The name that KMS knows.
   *
   * @param userSecretName the application's name
   * @return the same name unless overridden
   */
  default String exchangeSecretName(String userSecretName) {
    return userSecretName;
  }
}
