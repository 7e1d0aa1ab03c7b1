package io.kmsak.credentials.async;

import com.aliyun.auth.credentials.Credential;
import com.aliyun.auth.credentials.ICredential;
import com.aliyun.auth.credentials.provider.ICredentialProvider;
import io.kmsak.Credentials;
import io.kmsak.Provider;
import java.util.Objects;

/**
 * Gives the asynchronous V2.0 SDKs the AccessKey of the hour for each request: {@code builder.credentialsProvider(...)}. {@link
 * Provider#callAsync} around a call renews a rejected one. Safe to use from any thread.
 */
public final class KmsakCredentialProvider implements ICredentialProvider {
  private final Provider provider;
  private final String secretName;

  /**
   * For a managed RAM secret.
   *
   * @param provider stays the caller's, to be closed after the last request
   * @param secretName the secret's name, such as {@code acs/ram/user/app}
   */
  public KmsakCredentialProvider(Provider provider, String secretName) {
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
  public ICredential getCredentials() {
    Credentials now = provider.credentials(secretName);
    return Credential.builder().accessKeyId(now.accessKeyId()).accessKeySecret(now.accessKeySecret()).build();
  }

  /** Does nothing: the provider is its owner's to close. */
  @Override
  public void close() {}
}
