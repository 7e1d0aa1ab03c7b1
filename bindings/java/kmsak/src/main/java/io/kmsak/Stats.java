package io.kmsak;

import java.time.Duration;
import java.time.Instant;
import java.util.List;

/** What goes on inside a provider at one moment, for dashboards and support. No secret is in it. Immutable. */
public final class Stats {
  private final List<SecretStats> secrets;
  private final List<EndpointStats> endpoints;
  private final List<ClientKeyStats> clientKeys;
  private final List<IdentityInfo> identities;
  private final long clockSkewMilliseconds;

  Stats(Fields fields) {
    secrets = fields.list("secrets", SecretStats::new);
    endpoints = fields.list("endpoints", EndpointStats::new);
    clientKeys = fields.list("clientKeys", ClientKeyStats::new);
    identities = fields.list("identities", IdentityInfo::new);
    clockSkewMilliseconds = fields.number("clockSkewMilliseconds");
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
   * Who asks KMS: the ClientKeys again, and all others.
   *
   * @return an unmodifiable list
   */
  public List<IdentityInfo> identities() {
    return identities;
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
        + ", identities="
        + identities
        + ", clockSkewMilliseconds="
        + clockSkewMilliseconds
        + "}";
  }

  /** One cached secret. */
  public static final class SecretStats {
    private final Fields fields;

    SecretStats(Fields fields) {
      this.fields = fields;
    }

    /**
     * The secret's name.
     *
     * @return the name
     */
    public String name() {
      return fields.text("name");
    }

    /**
     * The version in the cache.
     *
     * @return its id, or null
     */
    public String versionId() {
      return fields.text("versionId");
    }

    /**
     * The AccessKey in the cache, for a managed RAM secret.
     *
     * @return its id, or null
     */
    public String accessKeyId() {
      return fields.text("accessKeyId");
    }

    /**
     * How long ago the cached value was fetched from KMS.
     *
     * @return the age, or null
     */
    public Duration age() {
      return fields.duration("age");
    }

    /**
     * How long ago the cached value was fetched if the latest refresh failed.
     *
     * @return zero when it succeeded
     */
    public Duration staleFor() {
      return fields.duration("staleFor");
    }

    /**
     * The time until the next scheduled refresh.
     *
     * @return the time, or null
     */
    public Duration nextRefreshIn() {
      return fields.duration("nextRefreshIn");
    }

    /**
     * Successful fetches.
     *
     * @return how many
     */
    public long fetches() {
      return fields.number("fetches");
    }

    /**
     * Failed fetches.
     *
     * @return how many
     */
    public long failures() {
      return fields.number("failures");
    }

    /**
     * Renewals after a rejected AccessKey that asked KMS.
     *
     * @return how many
     */
    public long renewals() {
      return fields.number("renewals");
    }

    /**
     * The latest failure, if the latest fetch failed.
     *
     * @return the failure, or null
     */
    public KmsakException lastError() {
      return fields.error("lastError");
    }

    @Override
    public String toString() {
      return "SecretStats" + fields;
    }
  }

  /** One endpoint. */
  public static final class EndpointStats {
    private final Fields fields;

    EndpointStats(Fields fields) {
      this.fields = fields;
    }

    /**
     * The endpoint.
     *
     * @return its host, and port where it is not 443
     */
    public String endpoint() {
      return fields.text("endpoint");
    }

    /**
     * Whether it is passed over at the moment.
     *
     * @return true if it is
     */
    public boolean down() {
      return fields.flag("down");
    }

    /**
     * The moving average of its answers' latency.
     *
     * @return the latency, or null
     */
    public Duration latency() {
      return fields.duration("latency");
    }

    /**
     * Requests sent to it and ended.
     *
     * @return how many
     */
    public long requests() {
      return fields.number("requests");
    }

    /**
     * Those that failed.
     *
     * @return how many
     */
    public long failures() {
      return fields.number("failures");
    }

    /**
     * How long it throttled this process the last time that somebody waited, or has until now: times KMS's quota, about
     * the size of the fleet.
     *
     * @return the time, or null
     */
    public Duration throttledFor() {
      return fields.duration("throttled_for");
    }

    @Override
    public String toString() {
      return "EndpointStats" + fields;
    }
  }

  /** One ClientKey. */
  public static final class ClientKeyStats {
    private final Fields fields;

    ClientKeyStats(Fields fields) {
      this.fields = fields;
    }

    /**
     * The ClientKey.
     *
     * @return its id
     */
    public String keyId() {
      return fields.text("keyId");
    }

    /**
     * The KMS instance in its certificate.
     *
     * @return the instance's id, or null
     */
    public String instanceId() {
      return fields.text("instanceId");
    }

    /**
     * The start of its validity.
     *
     * @return the time
     */
    public Instant notBefore() {
      return fields.time("notBefore");
    }

    /**
     * The end of its validity.
     *
     * @return the time
     */
    public Instant notAfter() {
      return fields.time("notAfter");
    }

    /**
     * Whole days until it expires.
     *
     * @return zero once it has
     */
    public long daysLeft() {
      return fields.number("daysLeft");
    }

    @Override
    public String toString() {
      return "ClientKeyStats" + fields;
    }
  }

  /** Who asks KMS. */
  public static final class IdentityInfo {
    private final Fields fields;

    IdentityInfo(Fields fields) {
      this.fields = fields;
    }

    /**
     * What sort of identity it is.
     *
     * @return as {@code credentials_type} calls it, such as {@code client_key} or {@code ecs_ram_role}
     */
    public String kind() {
      return fields.text("kind");
    }

    /**
     * What tells it from others of its kind.
     *
     * @return a ClientKey's or AccessKey's id, a role's name or ARN; empty where there is nothing to tell
     */
    public String name() {
      return fields.text("name");
    }

    /**
     * The AccessKey that signs now.
     *
     * @return its id; null where there is none yet, and for a ClientKey
     */
    public String accessKeyId() {
      return fields.text("accessKeyId");
    }

    /**
     * Where that AccessKey came from.
     *
     * @return as the official SDKs write it, such as {@code default/env}; or null
     */
    public String origin() {
      return fields.text("origin");
    }

    /**
     * When it ends.
     *
     * @return the moment, or null where it does not end
     */
    public Instant expires() {
      return fields.time("expires");
    }

    /**
     * Why no newer one could be had.
     *
     * @return the failure, or null
     */
    public KmsakException lastError() {
      return fields.error("lastError");
    }

    @Override
    public String toString() {
      return "IdentityInfo" + fields;
    }
  }
}
