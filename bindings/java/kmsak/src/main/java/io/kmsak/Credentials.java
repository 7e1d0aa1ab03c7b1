package io.kmsak;

import java.time.Duration;
import java.time.Instant;

/**
 * The AccessKey inside one version of a managed RAM secret. Immutable.
 *
 * <p>The AccessKey's secret is a {@code String}, as every SDK wants it, and stays in the heap until the collector takes it: keep heap
 * dumps as safe as the AccessKey itself.
 */
public final class Credentials {
  private final String secretName;
  private final String accessKeyId;
  private final String accessKeySecret;
  private final String versionId;
  private final String generateTimestamp;
  private final String expireTimestamp;
  private final Duration refreshInterval;
  private final Instant scheduleRotateTimestamp;

  Credentials(
      String secretName,
      String accessKeyId,
      String accessKeySecret,
      String versionId,
      String generateTimestamp,
      String expireTimestamp,
      Duration refreshInterval,
      Instant scheduleRotateTimestamp) {
    this.secretName = secretName;
    this.accessKeyId = accessKeyId;
    this.accessKeySecret = accessKeySecret;
    this.versionId = versionId;
    this.generateTimestamp = generateTimestamp;
    this.expireTimestamp = expireTimestamp;
    this.refreshInterval = refreshInterval;
    this.scheduleRotateTimestamp = scheduleRotateTimestamp;
  }

  /**
   * The AccessKey's id, such as {@code LTAI...}.
   *
   * @return the id, which is not secret
   */
  public String accessKeyId() {
    return accessKeyId;
  }

  /**
   * The AccessKey's secret.
   *
   * @return the secret: keep it out of logs and errors
   */
  public String accessKeySecret() {
    return accessKeySecret;
  }

  /**
   * The id of the secret's version that holds this AccessKey.
   *
   * @return the version's id
   */
  public String versionId() {
    return versionId;
  }

  /**
   * The name of the secret that holds this AccessKey.
   *
   * @return the name, such as {@code acs/ram/user/app}
   */
  public String secretName() {
    return secretName;
  }

  /**
   * When the AccessKey was made, as KMS wrote it.
   *
   * @return mostly {@code YYYY-MM-DDThh:mm:ssZ}; null if the secret does not say
   */
  public String generateTimestamp() {
    return generateTimestamp;
  }

  /**
   * When the AccessKey expires, as KMS wrote it. Only in older secrets.
   *
   * @return mostly {@code YYYY-MM-DDThh:mm:ssZ}; null if the secret does not say
   */
  public String expireTimestamp() {
    return expireTimestamp;
  }

  /**
   * How often the secret asks to be fetched again. Only in older secrets.
   *
   * @return the interval; null if the secret does not say
   */
  public Duration refreshInterval() {
    return refreshInterval;
  }

  /**
   * When the next rotation is due. Only in older secrets.
   *
   * @return the time; null if the secret does not say
   */
  public Instant scheduleRotateTimestamp() {
    return scheduleRotateTimestamp;
  }

  @Override
  public boolean equals(Object other) {
    if (!(other instanceof Credentials)) {
      return false;
    }
    Credentials that = (Credentials) other;
    return accessKeyId.equals(that.accessKeyId)
        && accessKeySecret.equals(that.accessKeySecret)
        && versionId.equals(that.versionId)
        && secretName.equals(that.secretName);
  }

  @Override
  public int hashCode() {
    return accessKeyId.hashCode();
  }

  /** Ids only, never the AccessKey's secret. */
  @Override
  public String toString() {
    return "Credentials{secretName=" + secretName + ", accessKeyId=" + accessKeyId + ", versionId=" + versionId + "}";
  }
}
