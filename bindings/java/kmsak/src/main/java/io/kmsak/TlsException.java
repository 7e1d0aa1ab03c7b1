package io.kmsak;

/** The peer could not be verified, or TLS failed. */
public final class TlsException extends KmsakException {
  private static final long serialVersionUID = 1L;

  TlsException(String code, String requestId, boolean retryable, int httpStatus, String message) {
    super(Kind.TLS, code, requestId, retryable, httpStatus, message);
  }
}
