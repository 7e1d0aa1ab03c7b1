package io.kmsak;

/** The configuration is wrong, or a call was made with arguments that cannot work. */
public final class ConfigurationException extends KmsakException {
  private static final long serialVersionUID = 1L;

  ConfigurationException(String code, String requestId, boolean retryable, int httpStatus, String message) {
    super(Kind.CONFIGURATION, code, requestId, retryable, httpStatus, message);
  }
}
