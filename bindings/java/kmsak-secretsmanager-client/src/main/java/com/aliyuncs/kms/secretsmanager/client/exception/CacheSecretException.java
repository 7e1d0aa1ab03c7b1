package com.aliyuncs.kms.secretsmanager.client.exception;

/** A secret could not be had. From kmsak the cause is the {@code io.kmsak.KmsakException} that says why and what to do. */
public class CacheSecretException extends Exception {
  private static final long serialVersionUID = 1L;

  /** With nothing to say. */
  public CacheSecretException() {}

  /**
   * With a cause.
   *
   * @param cause why; its message is this one's too
   */
  public CacheSecretException(Throwable cause) {
    super(cause == null ? null : cause.getMessage(), cause);
  }

  /**
   * With a message.
   *
   * @param message what happened
   */
  public CacheSecretException(String message) {
    super(message);
  }

  /**
   * With both.
   *
   * @param message what happened
   * @param cause why
   */
  public CacheSecretException(String message, Throwable cause) {
    super(message, cause);
  }

  /**
   * With everything.
   *
   * @param message what happened
   * @param cause why
   * @param enableSuppression whether others can be suppressed in its favour
   * @param writableStackTrace whether it has a stack trace
   */
  protected CacheSecretException(
      String message, Throwable cause, boolean enableSuppression, boolean writableStackTrace) {
    super(message, cause, enableSuppression, writableStackTrace);
  }
}
