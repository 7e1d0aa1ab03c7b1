package io.kmsak;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** Takes statistics from native code, which calls its methods by name. */
final class StatsCollector {
  private final List<Stats.SecretStats> secrets = new ArrayList<>();
  private final List<Stats.EndpointStats> endpoints = new ArrayList<>();
  private final List<Stats.ClientKeyStats> clientKeys = new ArrayList<>();
  private long clockSkewMilliseconds;

  KmsakException failure(
      String kind, String code, String requestId, boolean retryable, int httpStatus, String message) {
    return KmsakException.of(kind, code, requestId, retryable, httpStatus, message);
  }

  void secret(
      String name,
      String versionId,
      String accessKeyId,
      long age,
      long staleFor,
      long nextRefreshIn,
      long fetches,
      long failures,
      long renewals,
      KmsakException lastError) {
    secrets.add(
        new Stats.SecretStats(
            name,
            versionId,
            accessKeyId,
            Answer.duration(age),
            Answer.duration(staleFor),
            Answer.duration(nextRefreshIn),
            fetches,
            failures,
            renewals,
            lastError));
  }

  void endpoint(String endpoint, boolean down, long latency, long requests, long failures) {
    endpoints.add(new Stats.EndpointStats(endpoint, down, Answer.duration(latency), requests, failures));
  }

  void clientKey(String keyId, String instanceId, long notBefore, long notAfter, long daysLeft) {
    clientKeys.add(
        new Stats.ClientKeyStats(
            keyId, instanceId, Answer.instant(notBefore), Answer.instant(notAfter), daysLeft));
  }

  void clockSkew(long milliseconds) {
    clockSkewMilliseconds = milliseconds;
  }

  Stats stats() {
    return new Stats(
        Collections.unmodifiableList(secrets),
        Collections.unmodifiableList(endpoints),
        Collections.unmodifiableList(clientKeys),
        clockSkewMilliseconds);
  }
}
