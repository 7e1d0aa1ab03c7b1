package com.aliyun.kms.secretsmanager.plugin.common;

import com.aliyuncs.kms.secretsmanager.client.model.SecretInfo;
import java.io.Closeable;

/**
 * Gives a client of a cloud service each new AccessKey.
 *
 * @param <T> the client's type
 */
public interface SecretsManagerPluginCredentialUpdater<T> extends Closeable {
  /**
   * The client.
   *
   * @return the client
   */
  T getClient();

  /**
   * Called after each fetch, from threads of kmsak's or of those who refresh.
   *
   * @param secretInfo the secret as it is now
   */
  void updateCredential(SecretInfo secretInfo);
}
