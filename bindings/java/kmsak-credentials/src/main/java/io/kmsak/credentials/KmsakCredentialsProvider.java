package io.kmsak.credentials;

import com.aliyun.credentials.models.CredentialModel;
import com.aliyun.credentials.provider.AlibabaCloudCredentialsProvider;
import io.kmsak.Credentials;
import io.kmsak.Provider;
import java.util.Objects;

/**
 * Gives the V2.0 SDKs the AccessKey of the hour for each request. Safe to use from any thread.
 *
 * <pre>{@code
 * config.credential = new com.aliyun.credentials.Client(new KmsakCredentialsProvider(provider, "acs/ram/user/app"));
 * }</pre>
 *
 * <p>A rejected AccessKey is renewed by {@link Provider#call(String, io.kmsak.Call, java.util.function.Function)} around the SDK's call, with
 * {@code TeaException::getCode} for the error code: the second attempt is signed with the renewed AccessKey.
 */
public final class KmsakCredentialsProvider implements AlibabaCloudCredentialsProvider {
  private static final String ACCESS_KEY = "access_key";

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
  public CredentialModel getCredentials() {
    Credentials credentials = provider.credentials(secretName);
    return CredentialModel.builder()
        .accessKeyId(credentials.accessKeyId())
        .accessKeySecret(credentials.accessKeySecret())
        .type(ACCESS_KEY)
        .providerName(getProviderName())
        .build();
  }

  /**
   * What the SDK shows in its User-Agent.
   *
   * @return {@code kmsak}
   */
  @Override
  public String getProviderName() {
    return "kmsak";
  }

  /** Does nothing: the provider is its owner's to close. */
  @Override
  public void close() {}
}
