package com.aliyun.kms.secretsmanager.plugin.common.auth;

/** An AccessKey. Immutable. */
public class SecretsManagerPluginCredentials implements CloudCredentials {
  /** The end of an AccessKey that has none. */
  public static final long NEVER = -1;

  private final String accessKeyId;
  private final String accessKeySecret;
  private final long expireTimestamp;

  /**
   * An AccessKey.
   *
   * @param accessKeyId its id
   * @param accessKeySecret its secret
   * @param expireTimestamp when it ends, in milliseconds since 1970; {@link #NEVER} if it does not
   * @throws IllegalArgumentException if the id or the secret is missing
   */
  public SecretsManagerPluginCredentials(String accessKeyId, String accessKeySecret, long expireTimestamp) {
    this.accessKeyId = present("id", accessKeyId);
    this.accessKeySecret = present("secret", accessKeySecret);
    this.expireTimestamp = expireTimestamp;
  }

  private static String present(String what, String half) {
    if (half == null || half.isEmpty()) {
      throw new IllegalArgumentException("an AccessKey has no " + what);
    }
    return half;
  }

  @Override
  public String getAccessKeyId() {
    return accessKeyId;
  }

  @Override
  public String getAccessKeySecret() {
    return accessKeySecret;
  }

  /**
   * When the AccessKey ends.
   *
   * @return milliseconds since 1970; {@link #NEVER} unless the secret says when
   */
  public long getExpireTimestamp() {
    return expireTimestamp;
  }

  /**
   * Whether the AccessKey has ended.
   *
   * @return false for one that does not end
   */
  public boolean isExpire() {
    return expireTimestamp != NEVER && System.currentTimeMillis() >= expireTimestamp;
  }
}
