package io.kmsak;

import java.time.Duration;
import java.time.Instant;

/** Something that happened inside a provider: one of the classes in here. No event carries a secret. */
public abstract class Event {
  /** What it tells, by name. */
  final Fields fields;

  private String name;

  private Event(Fields fields) {
    this.fields = fields;
  }

  /** Null for an event that is newer than this class. */
  static Event of(String name, Fields fields) {
    Event event = made(name, fields);
    if (event != null) {
      event.name = name;
    }
    return event;
  }

  private static Event made(String name, Fields fields) {
    switch (name) {
      case "fetched":
        return new Fetched(fields);
      case "rotated":
        return new Rotated(fields);
      case "refresh_failed":
        return new RefreshFailed(fields);
      case "endpoint_down":
        return new EndpointDown(fields);
      case "endpoint_up":
        return new EndpointUp(fields);
      case "client_key_expiring":
        return new ClientKeyExpiring(fields);
      case "client_key_replaced":
        return new ClientKeyReplaced(fields);
      case "client_key_unusable":
        return new ClientKeyUnusable(fields);
      case "cache_file_used":
        return new CacheFileUsed(fields);
      case "rotation_broken":
        return new RotationBroken(fields);
      case "identity_renewed":
        return new IdentityRenewed(fields);
      case "identity_unavailable":
        return new IdentityUnavailable(fields);
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

  @Override
  public String toString() {
    return name + fields;
  }

  /** A secret was fetched from KMS, whether or not it had changed. */
  public static final class Fetched extends Event {
    Fetched(Fields fields) {
      super(fields);
    }

    /**
     * The secret's name.
     *
     * @return the name
     */
    public String secret() {
      return fields.text("secret");
    }

    /**
     * The version now in the cache.
     *
     * @return its id
     */
    public String versionId() {
      return fields.text("versionId");
    }
  }

  /** The cache now holds another AccessKey than before. */
  public static final class Rotated extends Event {
    Rotated(Fields fields) {
      super(fields);
    }

    /**
     * The secret's name.
     *
     * @return the name
     */
    public String secret() {
      return fields.text("secret");
    }

    /**
     * The AccessKey that was in use.
     *
     * @return its id
     */
    public String oldAccessKeyId() {
      return fields.text("oldAccessKeyId");
    }

    /**
     * The AccessKey in use from now on.
     *
     * @return its id
     */
    public String newAccessKeyId() {
      return fields.text("newAccessKeyId");
    }
  }

  /** A secret could not be refreshed. The cached value, if there is one, stays in use. */
  public static final class RefreshFailed extends Event {
    RefreshFailed(Fields fields) {
      super(fields);
    }

    /**
     * The secret's name.
     *
     * @return the name
     */
    public String secret() {
      return fields.text("secret");
    }

    /**
     * Why.
     *
     * @return the failure
     */
    public KmsakException error() {
      return fields.error("error");
    }

    /**
     * How long ago the cached value was fetched.
     *
     * @return zero when nothing is cached
     */
    public Duration staleFor() {
      return fields.duration("staleFor");
    }

    /**
     * When it is tried again without anybody asking.
     *
     * @return null when nothing is cached
     */
    public Duration nextTryIn() {
      return fields.duration("nextTryIn");
    }
  }

  /** An endpoint failed repeatedly and is passed over for a while. */
  public static final class EndpointDown extends Event {
    EndpointDown(Fields fields) {
      super(fields);
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
     * The latest failure.
     *
     * @return the failure
     */
    public KmsakException error() {
      return fields.error("error");
    }
  }

  /** An endpoint that was down answers again. */
  public static final class EndpointUp extends Event {
    EndpointUp(Fields fields) {
      super(fields);
    }

    /**
     * The endpoint.
     *
     * @return its host, and port where it is not 443
     */
    public String endpoint() {
      return fields.text("endpoint");
    }
  }

  /** The ClientKey's validity ends soon, or has ended. */
  public static final class ClientKeyExpiring extends Event {
    ClientKeyExpiring(Fields fields) {
      super(fields);
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
     * The end of its validity.
     *
     * @return the time
     */
    public Instant notAfter() {
      return fields.time("notAfter");
    }

    /**
     * Whole days until then.
     *
     * @return zero once it has ended
     */
    public long daysLeft() {
      return fields.number("daysLeft");
    }
  }

  /** The ClientKey file was replaced and KMS accepts the new one. */
  public static final class ClientKeyReplaced extends Event {
    ClientKeyReplaced(Fields fields) {
      super(fields);
    }

    /**
     * The ClientKey that was in use.
     *
     * @return its id
     */
    public String oldKeyId() {
      return fields.text("oldKeyId");
    }

    /**
     * The ClientKey in use from now on.
     *
     * @return its id
     */
    public String newKeyId() {
      return fields.text("newKeyId");
    }
  }

  /** The ClientKey, password or CA file changed, but what it holds now cannot be used: the old one stays. */
  public static final class ClientKeyUnusable extends Event {
    ClientKeyUnusable(Fields fields) {
      super(fields);
    }

    /**
     * The ClientKey that stays in use.
     *
     * @return its id
     */
    public String keyId() {
      return fields.text("keyId");
    }

    /**
     * Why the new one was not taken over.
     *
     * @return the failure
     */
    public KmsakException error() {
      return fields.error("error");
    }
  }

  /** KMS cannot be reached and the secret was taken from the encrypted cache file. */
  public static final class CacheFileUsed extends Event {
    CacheFileUsed(Fields fields) {
      super(fields);
    }

    /**
     * The secret's name.
     *
     * @return the name
     */
    public String secret() {
      return fields.text("secret");
    }

    /**
     * How long ago the value was fetched from KMS.
     *
     * @return the age, in whole seconds
     */
    public Duration age() {
      return fields.duration("age");
    }
  }

  /** KMS says that it cannot rotate a secret whose rotation is on. Told once, and again if that was mended meanwhile. */
  public static final class RotationBroken extends Event {
    RotationBroken(Fields fields) {
      super(fields);
    }

    /**
     * The secret's name.
     *
     * @return the name
     */
    public String secret() {
      return fields.text("secret");
    }
  }

  /** Who asks KMS has another AccessKey: that of a role was renewed, or a source gave another one. */
  public static final class IdentityRenewed extends Event {
    IdentityRenewed(Fields fields) {
      super(fields);
    }

    /**
     * Who asks.
     *
     * @return its kind and name, such as {@code ecs_ram_role app}
     */
    public String identity() {
      return fields.text("identity");
    }

    /**
     * What asks from now on.
     *
     * @return an AccessKey id
     */
    public String accessKeyId() {
      return fields.text("accessKeyId");
    }

    /**
     * When that ends.
     *
     * @return the moment, or null where it does not end
     */
    public Instant expires() {
      return fields.time("expires");
    }
  }

  /** Who asks KMS could not get another AccessKey. The one in use, if there is one, is used to its end. */
  public static final class IdentityUnavailable extends Event {
    IdentityUnavailable(Fields fields) {
      super(fields);
    }

    /**
     * Who asks.
     *
     * @return its kind and name, such as {@code ecs_ram_role app}
     */
    public String identity() {
      return fields.text("identity");
    }

    /**
     * Why.
     *
     * @return the failure
     */
    public KmsakException error() {
      return fields.error("error");
    }

    /**
     * When the AccessKey in use ends.
     *
     * @return the moment, or null where there is none or it does not end
     */
    public Instant expires() {
      return fields.time("expires");
    }
  }
}
