package com.aliyuncs.kms.secretsmanager.client.exception;

/** A secret could not be had; the cause is the {@link io.kmsak.KmsakException} that says why and what to do. */
public class CacheSecretException extends Exception {
  private static final long serialVersionUID = 1L;

  /**
   * With a cause.
   *
   * @param cause why
   */
  public CacheSecretException(Throwable cause) {
    super(cause.getMessage(), cause);
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
}
