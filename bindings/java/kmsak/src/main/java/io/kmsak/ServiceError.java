package io.kmsak;

/** An exception that tells a cloud service's error code. */
public interface ServiceError {
  /**
   * The service's error code.
   *
   * @return the code, such as {@code InvalidAccessKeyId.NotFound}; null if there is none
   */
  String errorCode();
}
