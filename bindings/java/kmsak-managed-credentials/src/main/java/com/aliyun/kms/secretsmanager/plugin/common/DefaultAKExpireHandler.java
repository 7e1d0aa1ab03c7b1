package com.aliyun.kms.secretsmanager.plugin.common;

/**
 * Tells a rejected AccessKey by one error code.
 *
 * @param <TException> the SDK's exception
 */
public abstract class DefaultAKExpireHandler<TException> implements AKExpireHandler<TException> {
  /** For subclasses. */
  public DefaultAKExpireHandler() {}

  @Override
  public boolean judgeAKExpire(TException e) {
    return getAKExpireCode().equals(getErrorCode(e));
  }

  /**
   * Reads the error code.
   *
   * @param e the service's error
   * @return its code
   */
  public abstract String getErrorCode(TException e);

  /**
   * The code of a rejected AccessKey.
   *
   * @return the code
   */
  public abstract String getAKExpireCode();
}
