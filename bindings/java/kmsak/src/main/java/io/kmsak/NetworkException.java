package io.kmsak;

/** KMS could not be reached, or did not answer in time. */
public final class NetworkException extends KmsakException {
  private static final long serialVersionUID = 1L;

  NetworkException(String code, String requestId, boolean retryable, int httpStatus, String message) {
    super(Kind.NETWORK, code, requestId, retryable, httpStatus, message);
  }
}
