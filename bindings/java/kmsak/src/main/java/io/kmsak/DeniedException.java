package io.kmsak;

/** KMS refused: permission, signature, or an unknown ClientKey. */
public final class DeniedException extends KmsakException {
  private static final long serialVersionUID = 1L;

  DeniedException(String code, String requestId, boolean retryable, int httpStatus, String message) {
    super(Kind.DENIED, code, requestId, retryable, httpStatus, message);
  }
}
