package com.aliyun.kms.secretsmanager.plugin.oss;

import com.aliyun.kms.secretsmanager.plugin.common.AKExpireHandler;
import com.aliyun.oss.ClientBuilderConfiguration;
import com.aliyun.oss.ClientConfiguration;
import com.aliyun.oss.OSS;
import com.aliyun.oss.OSSException;
import io.kmsak.managedcredentials.SharedProvider;
import io.kmsak.oss.KmsakOSSClientBuilder;
import java.util.function.Predicate;

/**
 * Builds OSS clients with a managed AccessKey. Building fails with a {@code RuntimeException} when no AccessKey can be had, as
 * officially; its cause is a {@link com.aliyuncs.kms.secretsmanager.client.exception.CacheSecretException}, whose cause is the
 * {@link io.kmsak.KmsakException} that says what to do. The handlers are raw types as in the official SDK; they judge {@link OSSException}.
 */
public class ProxyOSSClientBuilder {
  /** A builder, which may be used again. */
  public ProxyOSSClientBuilder() {}

  /**
   * With OSS's usual error codes for an unknown AccessKey.
   *
   * @param endpoint such as {@code https://oss-cn-hangzhou.aliyuncs.com}
   * @param secretName the managed RAM secret
   * @return a client; shut it down when it is no longer needed
   */
  public OSS build(String endpoint, String secretName) {
    return build(endpoint, null, secretName, null);
  }

  /**
   * With a handler.
   *
   * @param endpoint such as {@code https://oss-cn-hangzhou.aliyuncs.com}
   * @param secretName the managed RAM secret
   * @param akExpireHandler tells a rejected AccessKey; null for the usual error codes
   * @return a client; shut it down when it is no longer needed
   */
  @SuppressWarnings("rawtypes")
  public OSS build(String endpoint, String secretName, AKExpireHandler akExpireHandler) {
    return build(endpoint, null, secretName, akExpireHandler);
  }

  /**
   * With HTTP settings.
   *
   * @param endpoint such as {@code https://oss-cn-hangzhou.aliyuncs.com}
   * @param configuration the HTTP settings
   * @param secretName the managed RAM secret
   * @return a client; shut it down when it is no longer needed
   */
  public OSS build(String endpoint, ClientBuilderConfiguration configuration, String secretName) {
    return build(endpoint, configuration, secretName, null);
  }

  /**
   * With HTTP settings and a handler.
   *
   * @param endpoint such as {@code https://oss-cn-hangzhou.aliyuncs.com}
   * @param configuration the HTTP settings; null for the SDK's own
   * @param secretName the managed RAM secret
   * @param akExpireHandler tells a rejected AccessKey; null for the usual error codes
   * @return a client; shut it down when it is no longer needed
   */
  @SuppressWarnings("rawtypes")
  public OSS build(
      String endpoint,
      ClientBuilderConfiguration configuration,
      String secretName,
      AKExpireHandler akExpireHandler) {
    Predicate<OSSException> isRejection = SecretsManagerOssPlugin.isRejection(akExpireHandler);
    // By way of Object, for old versions of the SDK lack the class, which this one would be checked with.
    ClientConfiguration settings = (ClientConfiguration) (Object) configuration;
    SharedProvider share = SharedProvider.openUnchecked(secretName);
    return share.closedOnFailure(
        () ->
            new KmsakOSSClientBuilder()
                .build(
                    endpoint,
                    settings,
                    share.provider(),
                    SharedProvider.realName(secretName),
                    isRejection,
                    share::close));
  }
}
