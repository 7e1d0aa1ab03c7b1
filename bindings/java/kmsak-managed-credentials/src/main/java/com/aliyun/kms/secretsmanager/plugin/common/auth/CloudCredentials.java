package com.aliyun.kms.secretsmanager.plugin.common.auth;

/** An AccessKey. */
public interface CloudCredentials {
  /**
   * The AccessKey's id.
   *
   * @return the id
   */
  String getAccessKeyId();

  /**
   * The AccessKey's secret.
   *
   * @return the secret: keep it out of logs and errors
   */
  String getAccessKeySecret();
}
