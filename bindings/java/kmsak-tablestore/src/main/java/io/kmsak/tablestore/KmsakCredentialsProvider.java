package io.kmsak.tablestore;

import com.alicloud.openservices.tablestore.core.auth.CredentialsProvider;
import com.alicloud.openservices.tablestore.core.auth.DefaultCredentials;
import com.alicloud.openservices.tablestore.core.auth.ServiceCredentials;
import io.kmsak.Credentials;
import io.kmsak.Provider;
import java.util.Objects;

/** Gives Table Store's clients the AccessKey of the hour for each request. Safe to use from any thread. */
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
   * Not for managed AccessKeys.
   *
   * @throws UnsupportedOperationException always: the AccessKey comes from KMS
   */
  @Override
  public void setCredentials(ServiceCredentials credentials) {
    throw new UnsupportedOperationException("the AccessKey comes from KMS and cannot be set");
  }

  /**
   * The AccessKey of this moment.
   *
   * @return an immutable AccessKey
   * @throws io.kmsak.KmsakException if none was ever fetched and none can be
   */
  @Override
  public ServiceCredentials getCredentials() {
    Credentials now = provider.credentials(secretName);
    return new DefaultCredentials(now.accessKeyId(), now.accessKeySecret());
  }
}
