package io.kmsak.rocketmq;

import io.kmsak.Credentials;
import io.kmsak.Provider;
import java.util.Objects;
import org.apache.rocketmq.client.apis.SessionCredentials;
import org.apache.rocketmq.client.apis.SessionCredentialsProvider;

/**
 * Gives RocketMQ's client the AccessKey of the hour for each request: {@code ClientConfiguration.newBuilder().setCredentialProvider(...)}.
 * Safe to use from any thread.
 */
public final class KmsakSessionCredentialsProvider implements SessionCredentialsProvider {
  private final Provider provider;
  private final String secretName;

  /**
   * For a managed RAM secret.
   *
   * @param provider stays the caller's, to be closed after the last request
   * @param secretName the secret's name, such as {@code acs/ram/user/app}
   */
  public KmsakSessionCredentialsProvider(Provider provider, String secretName) {
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
  public SessionCredentials getSessionCredentials() {
    Credentials now = provider.credentials(secretName);
    return new SessionCredentials(now.accessKeyId(), now.accessKeySecret());
  }
}
