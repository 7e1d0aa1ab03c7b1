package io.kmsak;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;

/**
 * One version of a secret as KMS answered it. Immutable; the fields are those of KMS's {@code GetSecretValue}. The value stays in the
 * heap until the collector takes it.
 */
public final class Secret {
  private final String name;
  private final String secretType;
  private final byte[] value;
  private final boolean isText;
  private final boolean isBinary;
  private final String versionId;
  private final List<String> versionStages;
  private final String createTime;
  private final String requestId;
  private final Instant lastRotationDate;
  private final Instant nextRotationDate;
  private final Duration rotationInterval;
  private final String automaticRotation;
  private final String extendedConfig;

  Secret(
      String name,
      String secretType,
      byte[] value,
      boolean isText,
      boolean isBinary,
      String versionId,
      List<String> versionStages,
      String createTime,
      String requestId,
      Instant lastRotationDate,
      Instant nextRotationDate,
      Duration rotationInterval,
      String automaticRotation,
      String extendedConfig) {
    this.name = name;
    this.secretType = secretType;
    this.value = value;
    this.isText = isText;
    this.isBinary = isBinary;
    this.versionId = versionId;
    this.versionStages = versionStages;
    this.createTime = createTime;
    this.requestId = requestId;
    this.lastRotationDate = lastRotationDate;
    this.nextRotationDate = nextRotationDate;
    this.rotationInterval = rotationInterval;
    this.automaticRotation = automaticRotation;
    this.extendedConfig = extendedConfig;
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
   * The type as KMS writes it: {@code Generic}, {@code RamCredentials} (also written {@code RAMCredentials}), {@code Rds},
   * {@code Redis}, {@code PolarDB} or {@code ECS}.
   *
   * @return the type
   */
  public String secretType() {
    return secretType;
  }

  /**
   * The value as text.
   *
   * @return the text; null for a binary value that is not UTF-8
   */
  public String text() {
    return isText ? new String(value, StandardCharsets.UTF_8) : null;
  }

  /**
   * The value as bytes: UTF-8 for text, already decoded from base64 for a binary one.
   *
   * @return a copy, which the caller may wipe
   */
  public byte[] bytes() {
    return value.clone();
  }

  /**
   * Whether the value was stored as binary.
   *
   * @return true if KMS's {@code SecretDataType} is {@code binary}
   */
  public boolean isBinary() {
    return isBinary;
  }

  /**
   * The id of this version.
   *
   * @return the id, unique within the secret
   */
  public String versionId() {
    return versionId;
  }

  /**
   * The stage labels of this version, such as {@code ACSCurrent}.
   *
   * @return an unmodifiable list
   */
  public List<String> versionStages() {
    return versionStages;
  }

  /**
   * When this version was made, as KMS wrote it.
   *
   * @return mostly {@code YYYY-MM-DDThh:mm:ssZ}; null if KMS did not say
   */
  public String createTime() {
    return createTime;
  }

  /**
   * The id under which KMS logged the request that fetched this.
   *
   * @return the id; null if KMS sent none
   */
  public String requestId() {
    return requestId;
  }

  /**
   * When KMS last rotated the secret.
   *
   * @return the time; null if it never did
   */
  public Instant lastRotationDate() {
    return lastRotationDate;
  }

  /**
   * When KMS will next rotate the secret.
   *
   * @return the time; null if rotation is off
   */
  public Instant nextRotationDate() {
    return nextRotationDate;
  }

  /**
   * The time between two rotations.
   *
   * @return the interval; null if rotation is off
   */
  public Duration rotationInterval() {
    return rotationInterval;
  }

  /**
   * Whether KMS rotates by itself, in its words.
   *
   * @return {@code Enabled}, {@code Disabled}, {@code Invalid} (it should, but cannot) or null
   */
  public String automaticRotation() {
    return automaticRotation;
  }

  /**
   * What KMS knows beside the value.
   *
   * @return JSON, or null
   */
  public String extendedConfig() {
    return extendedConfig;
  }

  /** What the secret is called, never what it holds. */
  @Override
  public String toString() {
    return "Secret{name="
        + name
        + ", secretType="
        + secretType
        + ", versionId="
        + versionId
        + ", versionStages="
        + versionStages
        + ", requestId="
        + requestId
        + "}";
  }
}
