package io.kmsak.oss;

import com.aliyun.oss.ClientConfiguration;
import com.aliyun.oss.OSSClient;
import com.aliyun.oss.OSSException;
import io.kmsak.Provider;
import java.util.Objects;
import java.util.function.Predicate;

/**
 * Builds OSS clients with a managed AccessKey: each request is signed with the AccessKey of the hour, and one whose AccessKey OSS rejects
 * is sent once more with a renewed AccessKey. A request whose body is a stream other than a {@code ByteArrayInputStream} is not
 * sent again, for the SDK has read and closed it; the AccessKey is renewed all the same. When the renewal fails, OSS's exception has its
 * {@link io.kmsak.KmsakException} as suppressed.
 *
 * <p>Works with {@code aliyun-sdk-oss} 2.1.0 and later.
 */
public final class KmsakOSSClientBuilder {
  /** A builder. It holds nothing and may be used again. */
  public KmsakOSSClientBuilder() {}

  /**
   * With OSS's usual error codes for an unknown AccessKey.
   *
   * @param endpoint such as {@code https://oss-cn-hangzhou.aliyuncs.com}
   * @param provider stays the caller's, to be closed after the client
   * @param secretName the managed RAM secret
   * @return a client, safe to use from any thread
   */
  public OSSClient build(String endpoint, Provider provider, String secretName) {
    return build(endpoint, null, provider, secretName, null);
  }

  /**
   * With everything.
   *
   * @param endpoint such as {@code https://oss-cn-hangzhou.aliyuncs.com}
   * @param configuration HTTP settings; null for the SDK's own
   * @param provider stays the caller's, to be closed after the client
   * @param secretName the managed RAM secret
   * @param isRejection whether an error means that OSS does not know the AccessKey; null for the usual codes
   * @return a client, safe to use from any thread
   */
  public OSSClient build(
      String endpoint,
      ClientConfiguration configuration,
      Provider provider,
      String secretName,
      Predicate<? super OSSException> isRejection) {
    return build(endpoint, configuration, provider, secretName, isRejection, () -> {});
  }

  /**
   * With everything, and something to do when the client is shut down.
   *
   * @param endpoint such as {@code https://oss-cn-hangzhou.aliyuncs.com}
   * @param configuration HTTP settings; null for the SDK's own
   * @param provider stays the caller's, to be closed after the client
   * @param secretName the managed RAM secret
   * @param isRejection whether an error means that OSS does not know the AccessKey; null for the usual codes
   * @param afterShutdown runs after each {@code shutdown} of the client
   * @return a client, safe to use from any thread
   */
  public OSSClient build(
      String endpoint,
      ClientConfiguration configuration,
      Provider provider,
      String secretName,
      Predicate<? super OSSException> isRejection,
      Runnable afterShutdown) {
    Objects.requireNonNull(afterShutdown, "afterShutdown");
    KmsakCredentialsProvider credentials = new KmsakCredentialsProvider(provider, secretName);
    Predicate<? super OSSException> test =
        isRejection == null ? error -> credentials.isRejection(error.getErrorCode(), error.getMessage()) : isRejection;
    return RenewingClients.open(
        endpoint,
        credentials,
        configuration == null ? new ClientConfiguration() : configuration,
        new Interceptor(credentials, test, afterShutdown));
  }
}
