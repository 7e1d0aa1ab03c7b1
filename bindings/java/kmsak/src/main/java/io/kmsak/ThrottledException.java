package io.kmsak;

/** KMS, or kmsak's own token bucket, says that there were too many requests. */
public final class ThrottledException extends KmsakException {
  private static final long serialVersionUID = 1L;

  ThrottledException(String code, String requestId, boolean retryable, int httpStatus, String message) {
    super(Kind.THROTTLED, code, requestId, retryable, httpStatus, message);
  }
}
