package com.aliyun.kms.secretsmanager.plugin.tea.openapi;

import com.aliyun.credentials.models.CredentialModel;
import com.aliyun.credentials.provider.AlibabaCloudCredentialsProvider;
import com.aliyun.kms.secretsmanager.plugin.common.AKExpireHandler;
import com.aliyun.tea.TeaException;
import io.kmsak.KmsakException;
import io.kmsak.credentials.KmsakCredentialsProvider;
import io.kmsak.managedcredentials.SharedProvider;
import java.util.concurrent.Callable;

/** Gives a client its AccessKeys and makes calls whose AccessKey was rejected once more. */
final class Renewal implements AlibabaCloudCredentialsProvider {
  /** What some services say besides the usual codes. */
  private static final String UNAUTHORIZED = "Unauthorized";

  private final SharedProvider share;
  private final String secretName;
  private final AKExpireHandler<TeaException> handler;
  private final KmsakCredentialsProvider credentials;

  /** The id of the AccessKey that this thread got last, which is the one that its request is signed with. */
  private final ThreadLocal<String> given = new ThreadLocal<>();

  Renewal(SharedProvider share, String secretName, AKExpireHandler<TeaException> handler) {
    this.share = share;
    this.secretName = secretName;
    this.handler = handler == null ? this::isRejection : handler;
    this.credentials = new KmsakCredentialsProvider(share.provider(), secretName);
  }

  @Override
  public CredentialModel getCredentials() {
    CredentialModel now = credentials.getCredentials();
    given.set(now.getAccessKeyId());
    return now;
  }

  @Override
  public String getProviderName() {
    return credentials.getProviderName();
  }

  /** Does nothing: other clients may share the provider. */
  @Override
  public void close() {}

  Object call(Callable<?> request) throws Exception {
    given.remove();
    try {
      return request.call();
    } catch (TeaException rejected) {
      String rejectedId = given.get();
      if (rejectedId == null || !handler.judgeAKExpire(rejected)) {
        throw rejected;
      }
      try {
        share.provider().renew(secretName, rejectedId);
      } catch (KmsakException notRenewed) {
        rejected.addSuppressed(notRenewed);
        throw rejected;
      }
      return request.call();
    } finally {
      given.remove();
    }
  }

  private boolean isRejection(TeaException error) {
    String code = error.getCode();
    return code != null && (code.equals(UNAUTHORIZED) || share.provider().isRejection(code));
  }
}
