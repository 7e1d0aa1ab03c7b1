package io.kmsak.log;

import com.aliyun.openservices.log.common.auth.CredentialsProvider;
import com.aliyun.openservices.log.common.auth.DefaultCredentials;
import io.kmsak.Credentials;
import io.kmsak.Provider;
import java.util.Objects;

/** Gives Log Service's client the AccessKey of the hour for each request. Safe to use from any thread. */
public final class KmsakCredentialsProvider implements CredentialsProvider {
  private final Provider provider;
  private final String secretName;

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
   * @return a new object each time, for the SDK's are mutable
   * @throws io.kmsak.KmsakException if none was ever fetched and none can be
   */
  @Override
  public DefaultCredentials getCredentials() {
    Credentials now = provider.credentials(secretName);
    return new DefaultCredentials(now.accessKeyId(), now.accessKeySecret());
  }
}
