package io.kmsak;

import java.io.IOException;

/**
 * What can go wrong, said so that the reader knows what to do. Never holds a secret. There is a subclass for each
 * {@link Kind}. Where the system or a library refused something below, its {@link #getCause} is an {@link IOException} with what that said.
 */
public class KmsakException extends RuntimeException implements ServiceError {
  private static final long serialVersionUID = 1L;

  /** The kind of failure. */
  private final Kind kind;

  /** KMS's own code. */
  private final String code;

  /** KMS's request id. */
  private final String requestId;

  /** Whether to try again. */
  private final boolean retryable;

  /** The HTTP status of KMS's answer. */
  private final int httpStatus;

  /** What sort of failure it is. */
  public enum Kind {
    /** The configuration is wrong, or a call was made with arguments that cannot work. */
    CONFIGURATION,
    /** The ClientKey file or its password cannot be used. */
    CLIENT_KEY,
    /** KMS could not be reached, or did not answer in time. */
    NETWORK,
    /** The peer could not be verified, or TLS failed. */
    TLS,
    /** KMS refused: permission, signature, or an unknown ClientKey. */
    DENIED,
    /** KMS has no such secret, version or key. */
    NOT_FOUND,
    /** KMS, or kmsak's own token bucket, says that there were too many requests. */
    THROTTLED,
    /** KMS failed, or answered something that cannot be understood; or kmsak itself failed. */
    SERVER,
    /** The provider is closed. */
    CLOSED
  }

  KmsakException(Kind kind, String code, String requestId, boolean retryable, int httpStatus, String message) {
    super(message);
    this.kind = kind;
    this.code = code;
    this.requestId = requestId;
    this.retryable = retryable;
    this.httpStatus = httpStatus;
  }

  static KmsakException of(
      String kind, String code, String requestId, boolean retryable, int httpStatus, String message, String cause) {
    KmsakException exception = of(kind, code, requestId, retryable, httpStatus, message);
    if (cause != null) {
      IOException below = new IOException(cause);
      // It did not happen here.
      below.setStackTrace(new StackTraceElement[0]);
      exception.initCause(below);
    }
    return exception;
  }

  private static KmsakException of(
      String kind, String code, String requestId, boolean retryable, int httpStatus, String message) {
    switch (kind) {
      case "configuration":
        return new ConfigurationException(code, requestId, retryable, httpStatus, message);
      case "client_key":
        return new ClientKeyException(code, requestId, retryable, httpStatus, message);
      case "network":
        return new NetworkException(code, requestId, retryable, httpStatus, message);
      case "tls":
        return new TlsException(code, requestId, retryable, httpStatus, message);
      case "denied":
        return new DeniedException(code, requestId, retryable, httpStatus, message);
      case "not_found":
        return new NotFoundException(code, requestId, retryable, httpStatus, message);
      case "throttled":
        return new ThrottledException(code, requestId, retryable, httpStatus, message);
      case "closed":
        return new ClosedException(code, requestId, retryable, httpStatus, message);
      default:
        return new ServerException(code, requestId, retryable, httpStatus, message);
    }
  }

  /** Called from native code, for a failure that is kmsak's own fault. */
  static KmsakException internal(String what) {
    return new ServerException(
        null, null, false, 0, "kmsak itself failed (" + what + "): report this to its maintainers, please");
  }

  /**
   * What sort of failure this is.
   *
   * @return the kind
   */
  public Kind kind() {
    return kind;
  }

  /**
   * KMS's own error code, such as {@code Forbidden.NoPermission}.
   *
   * @return the code; null where KMS did not answer
   */
  public String code() {
    return code;
  }

  /** The same as {@link #code}. */
  @Override
  public String errorCode() {
    return code;
  }

  /**
   * The id under which KMS logged the request.
   *
   * @return the id; null where KMS did not answer
   */
  public String requestId() {
    return requestId;
  }

  /**
   * Whether the same call may succeed later with nothing changed.
   *
   * @return true if trying again can help
   */
  public boolean isRetryable() {
    return retryable;
  }

  /**
   * The HTTP status of KMS's answer.
   *
   * @return the status; 0 where KMS did not answer
   */
  public int httpStatus() {
    return httpStatus;
  }
}
