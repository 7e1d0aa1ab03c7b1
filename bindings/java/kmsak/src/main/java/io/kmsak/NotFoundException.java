package io.kmsak;

/** KMS has no such secret, version or key. */
public final class NotFoundException extends KmsakException {
  private static final long serialVersionUID = 1L;

  NotFoundException(String code, String requestId, boolean retryable, int httpStatus, String message) {
    super(Kind.NOT_FOUND, code, requestId, retryable, httpStatus, message);
  }
}
