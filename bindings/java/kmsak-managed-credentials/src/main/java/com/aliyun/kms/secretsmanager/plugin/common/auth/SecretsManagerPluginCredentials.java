package com.aliyun.kms.secretsmanager.plugin.common.auth;

/** An AccessKey. Immutable. */
public class SecretsManagerPluginCredentials {
  /** The end of an AccessKey that has none. */
  public static final long NEVER = Long.MAX_VALUE;

  private final String accessKeyId;
  private final String accessKeySecret;
  private final long expireTimestamp;

  /**
   * An AccessKey.
   *
   * @param accessKeyId its id
   * @param accessKeySecret its secret
   * @param expireTimestamp when it ends, in milliseconds since 1970
   */
  public SecretsManagerPluginCredentials(String accessKeyId, String accessKeySecret, long expireTimestamp) {
    this.accessKeyId = accessKeyId;
    this.accessKeySecret = accessKeySecret;
    this.expireTimestamp = expireTimestamp;
  }

  /**
   * The AccessKey's id.
   *
   * @return the id
   */
  public String getAccessKeyId() {
    return accessKeyId;
  }

  /**
   * The AccessKey's secret.
   *
   * @return the secret: keep it out of logs and errors
   */
  public String getAccessKeySecret() {
    return accessKeySecret;
  }

  /**
   * When the AccessKey ends.
   *
   * @return milliseconds since 1970; {@link #NEVER} for those that kmsak gives, which it replaces itself
   */
  public long getExpireTimestamp() {
    return expireTimestamp;
  }

  /**
   * Whether the AccessKey has ended.
   *
   * @return never true for those that kmsak gives
   */
  public boolean isExpire() {
    return System.currentTimeMillis() >= expireTimestamp;
  }
}
