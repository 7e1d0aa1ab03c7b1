package io.kmsak;

/** KMS failed, or answered something that cannot be understood; or kmsak itself failed. */
public final class ServerException extends KmsakException {
  private static final long serialVersionUID = 1L;

  ServerException(String code, String requestId, boolean retryable, int httpStatus, String message) {
    super(Kind.SERVER, code, requestId, retryable, httpStatus, message);
  }
}
