package io.kmsak;

/** The ClientKey file or its password cannot be used. */
public final class ClientKeyException extends KmsakException {
  private static final long serialVersionUID = 1L;

  ClientKeyException(String code, String requestId, boolean retryable, int httpStatus, String message) {
    super(Kind.CLIENT_KEY, code, requestId, retryable, httpStatus, message);
  }
}
