package io.kmsak;

/** The provider is closed. */
public final class ClosedException extends KmsakException {
  private static final long serialVersionUID = 1L;

  ClosedException(String code, String requestId, boolean retryable, int httpStatus, String message) {
    super(Kind.CLOSED, code, requestId, retryable, httpStatus, message);
  }
}
