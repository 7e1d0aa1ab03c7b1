package io.kmsak;

import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Collections;

/** Takes what native code answers. Its methods are called from there, by name. */
class Answer<T> {
  private Object value;
  private KmsakException failure;

  final void credentials(
      String secretName,
      String id,
      String secret,
      String versionId,
      String generateTimestamp,
      String expireTimestamp,
      long refreshInterval,
      long scheduleRotateTimestamp) {
    Credentials credentials =
        new Credentials(
            secretName,
            id,
            secret,
            versionId,
            generateTimestamp,
            expireTimestamp,
            duration(refreshInterval),
            instant(scheduleRotateTimestamp));
    arrived(credentials, null);
  }

  final void secret(
      String name,
      String secretType,
      byte[] value,
      boolean isText,
      boolean isBinary,
      String versionId,
      String versionStages,
      String createTime,
      String requestId,
      long lastRotation,
      long nextRotation,
      long rotationInterval,
      String automaticRotation,
      String extendedConfig) {
    Secret secret =
        new Secret(
            name,
            secretType,
            value,
            isText,
            isBinary,
            versionId,
            versionStages.isEmpty()
                ? Collections.emptyList()
                : Collections.unmodifiableList(Arrays.asList(versionStages.split("\n"))),
            createTime,
            requestId,
            instant(lastRotation),
            instant(nextRotation),
            duration(rotationInterval),
            automaticRotation,
            extendedConfig);
    arrived(secret, null);
  }

  final KmsakException failure(
      String kind, String code, String requestId, boolean retryable, int httpStatus, String message, String cause) {
    KmsakException exception =
        KmsakException.of(kind, code, requestId, retryable, httpStatus, message, cause);
    arrived(null, exception);
    return exception;
  }

  void arrived(Object value, KmsakException failure) {
    this.value = value;
    this.failure = failure;
  }

  final boolean isEmpty() {
    return value == null && failure == null;
  }

  final void throwFailure() {
    if (failure != null) {
      throw failure;
    }
  }

  @SuppressWarnings("unchecked") // Each native method answers with what its declaration says.
  final T take() {
    throwFailure();
    return (T) value;
  }

  static Instant instant(long milliseconds) {
    return milliseconds == Long.MIN_VALUE ? null : Instant.ofEpochMilli(milliseconds);
  }

  static Duration duration(long nanoseconds) {
    return nanoseconds < 0 ? null : Duration.ofNanos(nanoseconds);
  }
}
