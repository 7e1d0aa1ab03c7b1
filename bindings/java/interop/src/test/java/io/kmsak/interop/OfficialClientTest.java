package io.kmsak.interop;

import static io.kmsak.tests.Kms.APP;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.aliyuncs.kms.secretsmanager.client.SecretCacheClient;
import com.aliyuncs.kms.secretsmanager.client.SecretCacheClientBuilder;
import com.aliyuncs.kms.secretsmanager.client.service.BaseSecretManagerClientBuilder;
import com.google.gson.JsonParser;
import io.kmsak.Provider;
import io.kmsak.tests.Kms;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** One properties file serves the official client and kmsak, and both see the same. */
@Timeout(300)
class OfficialClientTest {
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void theOfficialClientFetchesAndFollowsARotation(boolean onTheCloud) throws Exception {
    try (Kms kms = Kms.start()) {
      String file = absolute(Path.of(onTheCloud ? kms.onTheCloud() : kms.offTheCloud()));
      try (SecretCacheClient official =
              SecretCacheClientBuilder.newCacheClientBuilder(
                      BaseSecretManagerClientBuilder.standard().withCustomConfigFile(file).build())
                  .build();
          Provider provider = Provider.fromFile(file)) {
        for (int rotation = 0; rotation < 3; rotation++) {
          assertTrue(official.refreshNow(APP));
          provider.refresh(APP);
          String seen =
              JsonParser.parseString(official.getSecretInfo(APP).getSecretValue())
                  .getAsJsonObject()
                  .get("AccessKeyId")
                  .getAsString();
          assertEquals(kms.accessKeyId(), seen);
          assertEquals(seen, provider.credentials(APP).accessKeyId());
          assertEquals(official.getSecretInfo(APP).getVersionId(), provider.credentials(APP).versionId());
          kms.rotate();
        }
      }
    }
  }

  /** The official client looks for relative paths in the working directory alone. */
  private static String absolute(Path file) throws IOException {
    String text = Files.readString(file).replaceAll("(ca\\.pem|clientKey(_Password\\.txt|\\.json))", file.getParent() + "/$1");
    Path copy = file.resolveSibling("absolute.properties");
    Files.writeString(copy, text);
    return copy.toString();
  }
}
