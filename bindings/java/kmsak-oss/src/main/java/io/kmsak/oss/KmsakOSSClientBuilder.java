package io.kmsak.oss;

import com.aliyun.oss.ClientBuilderConfiguration;
import com.aliyun.oss.OSS;
import com.aliyun.oss.OSSClientBuilder;
import com.aliyun.oss.OSSException;
import io.kmsak.Provider;
import java.lang.reflect.Proxy;
import java.util.function.Predicate;

/**
 * Builds OSS clients with a managed AccessKey: each request is signed with the AccessKey of the hour, and one whose AccessKey OSS rejects
 * is sent once more with a renewed AccessKey. A request whose body is a stream other than a {@code ByteArrayInputStream} is not
 * sent again, for the SDK has read and closed it; the AccessKey is renewed all the same. When the renewal fails, OSS's exception has its
 * {@link io.kmsak.KmsakException} as suppressed.
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
  public OSS build(String endpoint, Provider provider, String secretName) {
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
  public OSS build(
      String endpoint,
      ClientBuilderConfiguration configuration,
      Provider provider,
      String secretName,
      Predicate<? super OSSException> isRejection) {
    KmsakCredentialsProvider credentials = new KmsakCredentialsProvider(provider, secretName);
    OSS client =
        configuration == null
            ? new OSSClientBuilder().build(endpoint, credentials)
            : new OSSClientBuilder().build(endpoint, credentials, configuration);
    Predicate<? super OSSException> test =
        isRejection == null ? error -> credentials.isRejection(error.getErrorCode()) : isRejection;
    return (OSS)
        Proxy.newProxyInstance(
            OSS.class.getClassLoader(), new Class<?>[] {OSS.class}, new RenewingCalls(client, credentials, test));
  }
}
