package io.kmsak.sdkcore;

import com.aliyuncs.auth.AlibabaCloudCredentials;
import com.aliyuncs.auth.AlibabaCloudCredentialsProvider;
import com.aliyuncs.auth.BasicCredentials;
import io.kmsak.Credentials;
import io.kmsak.Provider;
import java.util.Objects;

/**
 * Gives the SDK the AccessKey of the hour for each request. {@link KmsakAcsClient} renews rejected ones besides. Safe to use from any
 * thread.
 */
public final class KmsakCredentialsProvider implements AlibabaCloudCredentialsProvider {
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
   * The AccessKey of this moment.
   *
   * @return an immutable AccessKey
   * @throws io.kmsak.KmsakException if none was ever fetched and none can be
   */
  @Override
  public AlibabaCloudCredentials getCredentials() {
    Credentials credentials = provider.credentials(secretName);
    given.set(credentials.accessKeyId());
    return new BasicCredentials(credentials.accessKeyId(), credentials.accessKeySecret());
  }

  /** Renews what this thread got last. */
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
