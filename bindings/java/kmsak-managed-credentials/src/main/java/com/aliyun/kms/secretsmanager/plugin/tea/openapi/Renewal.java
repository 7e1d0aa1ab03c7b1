package com.aliyun.kms.secretsmanager.plugin.tea.openapi;

import com.aliyun.kms.secretsmanager.plugin.common.AKExpireHandler;
import com.aliyun.tea.TeaException;
import io.kmsak.KmsakException;
import io.kmsak.Provider;
import io.kmsak.credentials.KmsakCredentialsClient;
import java.util.concurrent.Callable;

/** Gives a client its AccessKeys and makes calls whose AccessKey was rejected once more. */
final class Renewal {
  /** Held for as long as the client is: the provider must not be closed before. */
  private final Object share;

  private final Provider provider;
  private final String secretName;
  private final AKExpireHandler<TeaException> handler;
  final KmsakCredentialsClient credentials;

  Renewal(Object share, Provider provider, String secretName, AKExpireHandler<TeaException> handler) {
    this.share = share;
    this.provider = provider;
    this.secretName = secretName;
    this.handler = handler == null ? this::isRejection : handler;
    this.credentials = new KmsakCredentialsClient(provider, secretName);
  }

  Object share() {
    return share;
  }

  Object call(Callable<?> request) throws Exception {
    credentials.forget();
    try {
      return request.call();
    } catch (TeaException rejected) {
      String rejectedId = credentials.lastAccessKeyId();
      if (rejectedId == null || !handler.judgeAKExpire(rejected)) {
        throw rejected;
      }
      try {
        provider.renew(secretName, rejectedId);
      } catch (KmsakException notRenewed) {
        rejected.addSuppressed(notRenewed);
        throw rejected;
      }
      return request.call();
    } finally {
      credentials.forget();
    }
  }

  private boolean isRejection(TeaException error) {
    String code = error.getCode();
    return code != null && provider.isRejection(code, error.getMessage());
  }
}
