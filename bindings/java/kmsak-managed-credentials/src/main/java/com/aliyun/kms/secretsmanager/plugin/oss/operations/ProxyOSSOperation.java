package com.aliyun.kms.secretsmanager.plugin.oss.operations;

import com.aliyun.kms.secretsmanager.plugin.common.AKExpireHandler;
import com.aliyun.kms.secretsmanager.plugin.common.AliyunSDKSecretsManagerPlugin;
import com.aliyun.oss.OSSException;
import com.aliyun.oss.common.comm.RequestMessage;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.util.concurrent.Callable;

/** A part of an OSS client that goes on through rotations. The handlers are raw types as in the official SDK. */
@SuppressWarnings("rawtypes")
public interface ProxyOSSOperation {
  /** OSS's usual error code for an unknown AccessKey. */
  String InvalidAccessKeyIdErr = "InvalidAccessKeyId";

  /**
   * Fetches the secret if an error means that its AccessKey is unknown.
   *
   * @param e OSS's error
   * @param secretName the managed RAM secret
   * @param akExpireHandler tells a rejected AccessKey; null for the usual error code
   * @param secretsManagerPlugin fetches it
   * @throws OSSException the same, if it means something else
   */
  @SuppressWarnings("unchecked")
  default void checkAndRefreshSecretInfo(
      OSSException e, String secretName, AKExpireHandler akExpireHandler, AliyunSDKSecretsManagerPlugin secretsManagerPlugin) {
    boolean rejected =
        akExpireHandler == null
            ? InvalidAccessKeyIdErr.equalsIgnoreCase(e.getErrorCode())
            : ((AKExpireHandler<OSSException>) akExpireHandler).judgeAKExpire(e);
    if (!rejected) {
      throw e;
    }
    secretsManagerPlugin.refreshSecretInfo(secretName);
  }

  /**
   * Sends a request, and once more if its AccessKey was rejected and its body can be sent again.
   *
   * @param request the request
   * @param send sends it
   * @param secretName the managed RAM secret
   * @param akExpireHandler tells a rejected AccessKey; null for the usual error code
   * @param secretsManagerPlugin fetches the secret
   * @param <T> what OSS answers
   * @return OSS's answer
   */
  default <T> T twice(
      RequestMessage request,
      Callable<T> send,
      String secretName,
      AKExpireHandler akExpireHandler,
      AliyunSDKSecretsManagerPlugin secretsManagerPlugin) {
    InputStream body = request.getContent();
    long length = request.getContentLength();
    if (body instanceof ByteArrayInputStream) {
      body.mark(0);
    }
    try {
      try {
        return send.call();
      } catch (OSSException rejected) {
        checkAndRefreshSecretInfo(rejected, secretName, akExpireHandler, secretsManagerPlugin);
        if (body instanceof ByteArrayInputStream) {
          ((ByteArrayInputStream) body).reset();
        } else if (body != null) {
          // It has been read.
          throw rejected;
        }
        request.setContent(body);
        request.setContentLength(length);
        return send.call();
      }
    } catch (RuntimeException failure) {
      throw failure;
    } catch (Exception impossible) {
      throw new IllegalStateException(impossible);
    }
  }
}
