package io.kmsak.managedcredentials;

import com.aliyun.kms.secretsmanager.plugin.common.utils.DateUtils;
import com.aliyuncs.kms.secretsmanager.client.model.SecretInfo;
import io.kmsak.Secret;
import java.util.Base64;
import java.util.Date;

/** Secrets as the official client writes them. */
public final class Secrets {
  private Secrets() {}

  /**
   * A secret as the official client writes it.
   *
   * @param secret the secret
   * @return the same in its form
   */
  public static SecretInfo info(Secret secret) {
    boolean binary = secret.isBinary();
    return new SecretInfo(
        secret.name(),
        secret.versionId(),
        binary ? Base64.getEncoder().encodeToString(secret.bytes()) : secret.text(),
        binary ? "binary" : "text",
        secret.createTime(),
        secret.secretType(),
        secret.automaticRotation(),
        secret.extendedConfig(),
        secret.rotationInterval() == null ? null : secret.rotationInterval().getSeconds() + "s",
        secret.nextRotationDate() == null
            ? null
            : DateUtils.formatDate(Date.from(secret.nextRotationDate()), DateUtils.TIMEZONE_DATE_PATTERN));
  }
}
