package com.aliyun.kms.secretsmanager.plugin.common.service;

import com.aliyuncs.exceptions.ClientException;
import com.aliyuncs.kms.secretsmanager.client.model.SecretInfo;

/** Gives secrets that cannot be had from KMS. */
public interface SecretRecoveryStrategy {
  /**
   * A secret from elsewhere.
   *
   * @param secretName its name
   * @return the secret; null unless overridden
   * @throws ClientException if it cannot be had
   */
  default SecretInfo recoveryGetSecret(String secretName) throws ClientException {
    return null;
  }
}
