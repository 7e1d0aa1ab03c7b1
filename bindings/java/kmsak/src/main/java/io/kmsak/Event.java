package io.kmsak;

import java.time.Duration;
import java.time.Instant;

/** Something that happened inside a provider: one of the classes in here. No event carries a secret. */
public abstract class Event {
  private final String name;

  private Event(String name) {
    this.name = name;
  }

  /** Null for an event that is newer than this class. */
  static Event of(String name, String first, String second, String third, long one, long two, KmsakException error) {
    switch (name) {
      case "fetched":
        return new Fetched(first, second);
      case "rotated":
        return new Rotated(first, second, third);
      case "refresh_failed":
        return new RefreshFailed(first, error, Answer.duration(one), Answer.duration(two));
      case "rotation_broken":
        return new RotationBroken(first);
      case "endpoint_down":
        return new EndpointDown(first, error);
      case "endpoint_up":
        return new EndpointUp(first);
      case "client_key_expiring":
        return new ClientKeyExpiring(first, Answer.instant(one), two);
      case "client_key_replaced":
        return new ClientKeyReplaced(first, second);
      case "client_key_unusable":
        return new ClientKeyUnusable(first, error);
      case "identity_renewed":
        return new IdentityRenewed(first, second, Answer.instant(one));
      case "identity_unavailable":
        return new IdentityUnavailable(first, error, Answer.instant(one));
      case "cache_file_used":
        return new CacheFileUsed(first, Answer.duration(one));
      default:
        return null;
    }
  }

  /**
   * The event's stable name, the same in every language.
   *
   * @return such as {@code rotated} or {@code refresh_failed}
   */
  public String name() {
    return name;
  }

  /** A secret was fetched from KMS, whether or not it had changed. */
  public static final class Fetched extends Event {
    private final String secret;
    private final String versionId;

    Fetched(String secret, String versionId) {
      super("fetched");
      this.secret = secret;
      this.versionId = versionId;
    }

    /**
     * The secret's name.
     *
     * @return the name
     */
    public String secret() {
      return secret;
    }

    /**
     * The version now in the cache.
     *
     * @return its id
     */
    public String versionId() {
      return versionId;
    }

    @Override
    public String toString() {
      return name()
          + "{secret="
          + secret
          + ", versionId="
          + versionId
          + "}";
    }
  }

  /** The cache now holds another AccessKey than before. */
  public static final class Rotated extends Event {
    private final String secret;
    private final String oldAccessKeyId;
    private final String newAccessKeyId;

    Rotated(String secret, String oldAccessKeyId, String newAccessKeyId) {
      super("rotated");
      this.secret = secret;
      this.oldAccessKeyId = oldAccessKeyId;
      this.newAccessKeyId = newAccessKeyId;
    }

    /**
     * The secret's name.
     *
     * @return the name
     */
    public String secret() {
      return secret;
    }

    /**
     * The AccessKey that was in use.
     *
     * @return its id
     */
    public String oldAccessKeyId() {
      return oldAccessKeyId;
    }

    /**
     * The AccessKey in use from now on.
     *
     * @return its id
     */
    public String newAccessKeyId() {
      return newAccessKeyId;
    }

    @Override
    public String toString() {
      return name()
          + "{secret="
          + secret
          + ", oldAccessKeyId="
          + oldAccessKeyId
          + ", newAccessKeyId="
          + newAccessKeyId
          + "}";
    }
  }

  /** A secret could not be refreshed. The cached value, if there is one, stays in use. */
  public static final class RefreshFailed extends Event {
    private final String secret;
    private final KmsakException error;
    private final Duration staleFor;
    private final Duration nextTryIn;

    RefreshFailed(String secret, KmsakException error, Duration staleFor, Duration nextTryIn) {
      super("refresh_failed");
      this.secret = secret;
      this.error = error;
      this.staleFor = staleFor;
      this.nextTryIn = nextTryIn;
    }

    /**
     * The secret's name.
     *
     * @return the name
     */
    public String secret() {
      return secret;
    }

    /**
     * Why.
     *
     * @return the failure
     */
    public KmsakException error() {
      return error;
    }

    /**
     * How long ago the cached value was fetched.
     *
     * @return zero when nothing is cached
     */
    public Duration staleFor() {
      return staleFor;
    }

    /**
     * When it is tried again without anybody asking.
     *
     * @return null when nothing is cached
     */
    public Duration nextTryIn() {
      return nextTryIn;
    }

    @Override
    public String toString() {
      return name()
          + "{secret="
          + secret
          + ", error="
          + error.getMessage()
          + ", staleFor="
          + staleFor
          + ", nextTryIn="
          + nextTryIn
          + "}";
    }
  }

  /** An endpoint failed repeatedly and is passed over for a while. */
  public static final class EndpointDown extends Event {
    private final String endpoint;
    private final KmsakException error;

    EndpointDown(String endpoint, KmsakException error) {
      super("endpoint_down");
      this.endpoint = endpoint;
      this.error = error;
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
     * The latest failure.
     *
     * @return the failure
     */
    public KmsakException error() {
      return error;
    }

    @Override
    public String toString() {
      return name()
          + "{endpoint="
          + endpoint
          + ", error="
          + error.getMessage()
          + "}";
    }
  }

  /** An endpoint that was down answers again. */
  public static final class EndpointUp extends Event {
    private final String endpoint;

    EndpointUp(String endpoint) {
      super("endpoint_up");
      this.endpoint = endpoint;
    }

    /**
     * The endpoint.
     *
     * @return its host, and port where it is not 443
     */
    public String endpoint() {
      return endpoint;
    }

    @Override
    public String toString() {
      return name()
          + "{endpoint="
          + endpoint
          + "}";
    }
  }

  /** The ClientKey's validity ends soon, or has ended. */
  public static final class ClientKeyExpiring extends Event {
    private final String keyId;
    private final Instant notAfter;
    private final long daysLeft;

    ClientKeyExpiring(String keyId, Instant notAfter, long daysLeft) {
      super("client_key_expiring");
      this.keyId = keyId;
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
     * The end of its validity.
     *
     * @return the time
     */
    public Instant notAfter() {
      return notAfter;
    }

    /**
     * Whole days until then.
     *
     * @return zero once it has ended
     */
    public long daysLeft() {
      return daysLeft;
    }

    @Override
    public String toString() {
      return name()
          + "{keyId="
          + keyId
          + ", notAfter="
          + notAfter
          + ", daysLeft="
          + daysLeft
          + "}";
    }
  }

  /** The ClientKey file was replaced and KMS accepts the new one. */
  public static final class ClientKeyReplaced extends Event {
    private final String oldKeyId;
    private final String newKeyId;

    ClientKeyReplaced(String oldKeyId, String newKeyId) {
      super("client_key_replaced");
      this.oldKeyId = oldKeyId;
      this.newKeyId = newKeyId;
    }

    /**
     * The ClientKey that was in use.
     *
     * @return its id
     */
    public String oldKeyId() {
      return oldKeyId;
    }

    /**
     * The ClientKey in use from now on.
     *
     * @return its id
     */
    public String newKeyId() {
      return newKeyId;
    }

    @Override
    public String toString() {
      return name()
          + "{oldKeyId="
          + oldKeyId
          + ", newKeyId="
          + newKeyId
          + "}";
    }
  }

  /** The ClientKey, password or CA file changed, but what it holds now cannot be used: the old one stays. */
  public static final class ClientKeyUnusable extends Event {
    private final String keyId;
    private final KmsakException error;

    ClientKeyUnusable(String keyId, KmsakException error) {
      super("client_key_unusable");
      this.keyId = keyId;
      this.error = error;
    }

    /**
     * The ClientKey that stays in use.
     *
     * @return its id
     */
    public String keyId() {
      return keyId;
    }

    /**
     * Why the new one was not taken over.
     *
     * @return the failure
     */
    public KmsakException error() {
      return error;
    }

    @Override
    public String toString() {
      return name()
          + "{keyId="
          + keyId
          + ", error="
          + error.getMessage()
          + "}";
    }
  }

  /** KMS cannot be reached and the secret was taken from the encrypted cache file. */
  public static final class CacheFileUsed extends Event {
    private final String secret;
    private final Duration age;

    CacheFileUsed(String secret, Duration age) {
      super("cache_file_used");
      this.secret = secret;
      this.age = age;
    }

    /**
     * The secret's name.
     *
     * @return the name
     */
    public String secret() {
      return secret;
    }

    /**
     * How long ago the value was fetched from KMS.
     *
     * @return the age, in whole seconds
     */
    public Duration age() {
      return age;
    }

    @Override
    public String toString() {
      return name()
          + "{secret="
          + secret
          + ", age="
          + age
          + "}";
    }
  }

  /** KMS says that it cannot rotate a secret whose rotation is on. Told once, and again if that was mended meanwhile. */
  public static final class RotationBroken extends Event {
    private final String secret;

    RotationBroken(String secret) {
      super("rotation_broken");
      this.secret = secret;
    }

    /**
     * The secret's name.
     *
     * @return the name
     */
    public String secret() {
      return secret;
    }

    @Override
    public String toString() {
      return name() + "{secret=" + secret + "}";
    }
  }

  /** Who asks KMS has another AccessKey: that of a role was renewed, or a source gave another one. */
  public static final class IdentityRenewed extends Event {
    private final String identity;
    private final String accessKeyId;
    private final Instant expires;

    IdentityRenewed(String identity, String accessKeyId, Instant expires) {
      super("identity_renewed");
      this.identity = identity;
      this.accessKeyId = accessKeyId;
      this.expires = expires;
    }

    /**
     * Who asks.
     *
     * @return its kind and name, such as {@code ecs_ram_role app}
     */
    public String identity() {
      return identity;
    }

    /**
     * What asks from now on.
     *
     * @return an AccessKey id
     */
    public String accessKeyId() {
      return accessKeyId;
    }

    /**
     * When that ends.
     *
     * @return the moment, or null where it does not end
     */
    public Instant expires() {
      return expires;
    }

    @Override
    public String toString() {
      return name() + "{identity=" + identity + ", accessKeyId=" + accessKeyId + ", expires=" + expires + "}";
    }
  }

  /** Who asks KMS could not get another AccessKey. The one in use, if there is one, is used to its end. */
  public static final class IdentityUnavailable extends Event {
    private final String identity;
    private final KmsakException error;
    private final Instant expires;

    IdentityUnavailable(String identity, KmsakException error, Instant expires) {
      super("identity_unavailable");
      this.identity = identity;
      this.error = error;
      this.expires = expires;
    }

    /**
     * Who asks.
     *
     * @return its kind and name, such as {@code ecs_ram_role app}
     */
    public String identity() {
      return identity;
    }

    /**
     * Why.
     *
     * @return the failure
     */
    public KmsakException error() {
      return error;
    }

    /**
     * When the AccessKey in use ends.
     *
     * @return the moment, or null where there is none or it does not end
     */
    public Instant expires() {
      return expires;
    }

    @Override
    public String toString() {
      return name() + "{identity=" + identity + ", error=" + error + ", expires=" + expires + "}";
    }
  }
}
