package io.kmsak.interop;

import static io.kmsak.tests.Kms.APP;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.aliyun.kms.secretsmanager.plugin.common.AliyunSDKSecretsManagerPluginsManager;
import com.aliyun.kms.secretsmanager.plugin.common.utils.ConfigLoader;
import com.aliyuncs.kms.secretsmanager.client.SecretCacheClient;
import com.aliyuncs.kms.secretsmanager.client.exception.CacheSecretException;
import com.aliyuncs.kms.secretsmanager.client.model.SecretInfo;
import io.kmsak.NotFoundException;
import io.kmsak.tests.Kms;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The drop-in with the types of the official client itself, which an application uses besides. */
@Timeout(300)
class DropInBesideTheClientTest {
  @Test
  void theDropInWorksWithTheOfficialTypes() throws Exception {
    assertTrue(
        SecretCacheClient.class.getProtectionDomain().getCodeSource().getLocation().getPath().contains("alibabacloud-secretsmanager-client"));
    try (Kms kms = Kms.start()) {
      ConfigLoader.setConfigName(kms.onTheCloud());
      SecretInfo secret = AliyunSDKSecretsManagerPluginsManager.getSecretsManagerPlugin().getSecretInfo(APP);
      assertTrue(secret.getSecretValue().contains(kms.accessKeyId()));
      kms.rotate();
      AliyunSDKSecretsManagerPluginsManager.refreshSecretInfo(APP);
      assertEquals(kms.accessKeyId(), AliyunSDKSecretsManagerPluginsManager.getAccessKeyId(APP));
      CacheSecretException error =
          assertThrows(
              CacheSecretException.class, () -> AliyunSDKSecretsManagerPluginsManager.getAccessKey("acs/ram/user/nobody"));
      assertInstanceOf(NotFoundException.class, error.getCause());
      AliyunSDKSecretsManagerPluginsManager.shutdown();
    } finally {
      ConfigLoader.setConfigName(null);
    }
  }
}
