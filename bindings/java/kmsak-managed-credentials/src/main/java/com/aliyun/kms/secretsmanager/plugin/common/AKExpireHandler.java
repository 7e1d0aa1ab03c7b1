package com.aliyun.kms.secretsmanager.plugin.common;

/**
 * Tells which errors of a cloud service mean that it no longer knows the AccessKey.
 *
 * @param <TException> the SDK's exception
 */
public interface AKExpireHandler<TException> {
  /**
   * Whether to renew the AccessKey and make the call once more.
   *
   * @param e the service's error
   * @return true if the AccessKey was rejected
   */
  boolean judgeAKExpire(TException e);
}
