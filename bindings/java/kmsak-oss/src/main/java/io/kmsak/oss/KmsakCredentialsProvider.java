package io.kmsak.oss;

import com.aliyun.oss.common.auth.Credentials;
import com.aliyun.oss.common.auth.CredentialsProvider;
import com.aliyun.oss.common.auth.DefaultCredentials;
import io.kmsak.Provider;
import java.util.Objects;

/** Gives the OSS SDK the AccessKey of the hour for each request. Safe to use from any thread. */
public final class KmsakCredentialsProvider implements CredentialsProvider {
  private final Provider provider;
  private final String secretName;

  /** The id of the AccessKey that this thread got last, which is the one that its request is signed with. */
  private final ThreadLocal<String> given = new ThreadLocal<>();

  /**
   * For a managed RAM secret.
   *
   * @param provider stays the caller's, to be closed after the last request
   * @param secretName the secret's name, such as {@code acs/ram/user/app}
   */
  public KmsakCredentialsProvider(Provider provider, String secretName) {
    this.provider = Objects.requireNonNull(provider, "provider");
    this.secretName = Objects.requireNonNull(secretName, "secretName");
  }

  /**
   * Not for managed AccessKeys.
   *
   * @throws UnsupportedOperationException always: the AccessKey comes from KMS
   */
  @Override
  public void setCredentials(Credentials credentials) {
    throw new UnsupportedOperationException("the AccessKey comes from KMS and cannot be set");
  }

  /**
   * The AccessKey of this moment.
   *
   * @return an immutable AccessKey
   * @throws io.kmsak.KmsakException if none was ever fetched and none can be
   */
  @Override
  public Credentials getCredentials() {
    io.kmsak.Credentials credentials = provider.credentials(secretName);
    given.set(credentials.accessKeyId());
    return new DefaultCredentials(credentials.accessKeyId(), credentials.accessKeySecret());
  }

  void renew() {
    provider.renew(secretName, given.get());
  }

  void forget() {
    given.remove();
  }

  boolean hasGiven() {
    return given.get() != null;
  }

  boolean isRejection(String code, String message) {
    return code != null && provider.isRejection(code, message);
  }
}
