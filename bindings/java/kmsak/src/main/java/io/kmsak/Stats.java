package io.kmsak;

import java.time.Duration;
import java.time.Instant;
import java.util.List;

/** What goes on inside a provider at one moment, for dashboards and support. No secret is in it. Immutable. */
public final class Stats {
  private final List<SecretStats> secrets;
  private final List<EndpointStats> endpoints;
  private final List<ClientKeyStats> clientKeys;
  private final long clockSkewMilliseconds;

  Stats(
      List<SecretStats> secrets,
      List<EndpointStats> endpoints,
      List<ClientKeyStats> clientKeys,
      long clockSkewMilliseconds) {
    this.secrets = secrets;
    this.endpoints = endpoints;
    this.clientKeys = clientKeys;
    this.clockSkewMilliseconds = clockSkewMilliseconds;
  }

  /**
   * The secrets in the cache.
   *
   * @return an unmodifiable list
   */
  public List<SecretStats> secrets() {
    return secrets;
  }

  /**
   * The endpoints as configured.
   *
   * @return an unmodifiable list
   */
  public List<EndpointStats> endpoints() {
    return endpoints;
  }

  /**
   * The ClientKeys in use.
   *
   * @return an unmodifiable list
   */
  public List<ClientKeyStats> clientKeys() {
    return clientKeys;
  }

  /**
   * KMS's clock less this machine's, as learnt from KMS.
   *
   * @return milliseconds; 0 when KMS never complained
   */
  public long clockSkewMilliseconds() {
    return clockSkewMilliseconds;
  }

  @Override
  public String toString() {
    return "Stats{secrets="
        + secrets
        + ", endpoints="
        + endpoints
        + ", clientKeys="
        + clientKeys
        + ", clockSkewMilliseconds="
        + clockSkewMilliseconds
        + "}";
  }

  /** One cached secret. */
  public static final class SecretStats {
    private final String name;
    private final String versionId;
    private final String accessKeyId;
    private final Duration age;
    private final Duration staleFor;
    private final Duration nextRefreshIn;
    private final long fetches;
    private final long failures;
    private final long renewals;
    private final KmsakException lastError;

    SecretStats(
        String name,
        String versionId,
        String accessKeyId,
        Duration age,
        Duration staleFor,
        Duration nextRefreshIn,
        long fetches,
        long failures,
        long renewals,
        KmsakException lastError) {
      this.name = name;
      this.versionId = versionId;
      this.accessKeyId = accessKeyId;
      this.age = age;
      this.staleFor = staleFor;
      this.nextRefreshIn = nextRefreshIn;
      this.fetches = fetches;
      this.failures = failures;
      this.renewals = renewals;
      this.lastError = lastError;
    }

    /**
     * The secret's name.
     *
     * @return the name
     */
    public String name() {
      return name;
    }

    /**
     * The version in the cache.
     *
     * @return its id, or null
     */
    public String versionId() {
      return versionId;
    }

    /**
     * The AccessKey in the cache, for a managed RAM secret.
     *
     * @return its id, or null
     */
    public String accessKeyId() {
      return accessKeyId;
    }

    /**
     * How long ago the cached value was fetched from KMS.
     *
     * @return the age, or null
     */
    public Duration age() {
      return age;
    }

    /**
     * How long ago the cached value was fetched if the latest refresh failed.
     *
     * @return zero when it succeeded
     */
    public Duration staleFor() {
      return staleFor;
    }

    /**
     * The time until the next scheduled refresh.
     *
     * @return the time, or null
     */
    public Duration nextRefreshIn() {
      return nextRefreshIn;
    }

    /**
     * Successful fetches.
     *
     * @return how many
     */
    public long fetches() {
      return fetches;
    }

    /**
     * Failed fetches.
     *
     * @return how many
     */
    public long failures() {
      return failures;
    }

    /**
     * Renewals after a rejected AccessKey that asked KMS.
     *
     * @return how many
     */
    public long renewals() {
      return renewals;
    }

    /**
     * The latest failure, if the latest fetch failed.
     *
     * @return the failure, or null
     */
    public KmsakException lastError() {
      return lastError;
    }

    @Override
    public String toString() {
      return "SecretStats{"
          + "name="
          + name
          + ", versionId="
          + versionId
          + ", accessKeyId="
          + accessKeyId
          + ", age="
          + age
          + ", staleFor="
          + staleFor
          + ", nextRefreshIn="
          + nextRefreshIn
          + ", fetches="
          + fetches
          + ", failures="
          + failures
          + ", renewals="
          + renewals
          + ", lastError="
          + lastError
          + "}";
    }
  }

  /** One endpoint. */
  public static final class EndpointStats {
    private final String endpoint;
    private final boolean down;
    private final Duration latency;
    private final long requests;
    private final long failures;

    EndpointStats(
        String endpoint,
        boolean down,
        Duration latency,
        long requests,
        long failures) {
      this.endpoint = endpoint;
      this.down = down;
      this.latency = latency;
      this.requests = requests;
      this.failures = failures;
    }

    /**
     * The endpoint.
     *
     * @return its host, and port where it is not 443
     */
    public String endpoint() {
      return endpoint;
    }

    /**
     * Whether it is passed over at the moment.
     *
     * @return true if it is
     */
    public boolean down() {
      return down;
    }

    /**
     * The moving average of its answers' latency.
     *
     * @return the latency, or null
     */
    public Duration latency() {
      return latency;
    }

    /**
     * Requests sent to it and ended.
     *
     * @return how many
     */
    public long requests() {
      return requests;
    }

    /**
     * Those that failed.
     *
     * @return how many
     */
    public long failures() {
      return failures;
    }

    @Override
    public String toString() {
      return "EndpointStats{"
          + "endpoint="
          + endpoint
          + ", down="
          + down
          + ", latency="
          + latency
          + ", requests="
          + requests
          + ", failures="
          + failures
          + "}";
    }
  }

  /** One ClientKey. */
  public static final class ClientKeyStats {
    private final String keyId;
    private final String instanceId;
    private final Instant notBefore;
    private final Instant notAfter;
    private final long daysLeft;

    ClientKeyStats(
        String keyId,
        String instanceId,
        Instant notBefore,
        Instant notAfter,
        long daysLeft) {
      this.keyId = keyId;
      this.instanceId = instanceId;
      this.notBefore = notBefore;
      this.notAfter = notAfter;
      this.daysLeft = daysLeft;
    }

    /**
     * The ClientKey.
     *
     * @return its id
     */
    public String keyId() {
      return keyId;
    }

    /**
     * The KMS instance in its certificate.
     *
     * @return the instance's id, or null
     */
    public String instanceId() {
      return instanceId;
    }

    /**
     * The start of its validity.
     *
     * @return the time
     */
    public Instant notBefore() {
      return notBefore;
    }

    /**
     * The end of its validity.
     *
     * @return the time
     */
    public Instant notAfter() {
      return notAfter;
    }

    /**
     * Whole days until it expires.
     *
     * @return zero once it has
     */
    public long daysLeft() {
      return daysLeft;
    }

    @Override
    public String toString() {
      return "ClientKeyStats{"
          + "keyId="
          + keyId
          + ", instanceId="
          + instanceId
          + ", notBefore="
          + notBefore
          + ", notAfter="
          + notAfter
          + ", daysLeft="
          + daysLeft
          + "}";
    }
  }
}
