package com.aliyun.kms.secretsmanager.plugin.oss;

import com.aliyun.kms.secretsmanager.plugin.common.AKExpireHandler;
import com.aliyun.oss.ClientBuilderConfiguration;
import com.aliyun.oss.OSS;
import com.aliyun.oss.OSSException;
import io.kmsak.managedcredentials.SharedProvider;
import io.kmsak.oss.KmsakOSSClientBuilder;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.function.Predicate;

/**
 * Builds OSS clients with a managed AccessKey. Building fails with a {@link io.kmsak.KmsakException} when no AccessKey can be had. The
 * handlers are raw types as in the official SDK; they judge {@link OSSException}.
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
  @SuppressWarnings({"rawtypes", "unchecked"})
  public OSS build(
      String endpoint,
      ClientBuilderConfiguration configuration,
      String secretName,
      AKExpireHandler akExpireHandler) {
    Predicate<OSSException> isRejection =
        akExpireHandler == null ? null : ((AKExpireHandler<OSSException>) akExpireHandler)::judgeAKExpire;
    SharedProvider share = SharedProvider.open(secretName);
    OSS client =
        share.closedOnFailure(
            () -> new KmsakOSSClientBuilder().build(endpoint, configuration, share.provider(), secretName, isRejection));
    return (OSS)
        Proxy.newProxyInstance(
            OSS.class.getClassLoader(),
            new Class<?>[] {OSS.class},
            (proxy, method, arguments) -> {
              try {
                return method.invoke(client, arguments);
              } catch (InvocationTargetException thrown) {
                throw thrown.getCause();
              } finally {
                if (method.getName().equals("shutdown")) {
                  share.close();
                }
              }
            });
  }
}
