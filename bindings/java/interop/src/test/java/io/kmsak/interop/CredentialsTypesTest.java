package io.kmsak.interop;

import static io.kmsak.tests.Kms.APP;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.aliyuncs.kms.secretsmanager.client.SecretCacheClient;
import com.aliyuncs.kms.secretsmanager.client.SecretCacheClientBuilder;
import com.aliyuncs.kms.secretsmanager.client.service.BaseSecretManagerClientBuilder;
import com.aliyuncs.profile.DefaultProfile;
import com.aliyuncs.utils.EnvironmentUtils;
import com.google.gson.JsonParser;
import io.kmsak.Provider;
import io.kmsak.tests.Kms;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.util.Properties;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Each credentials_type that the official client knows: the very same file gives the same AccessKey in it and in kmsak. */
@Timeout(300)
class CredentialsTypesTest {
  private static final String PASSWORD = "changeit";

  private Kms kms;
  private Path folder;

  /** The official client knows STS and the metadata service by Alibaba Cloud's names alone; its SDK can be told otherwise. */
  @BeforeEach
  void start() throws Exception {
    kms = Kms.start();
    folder = Path.of(kms.onTheCloud()).getParent();
    DefaultProfile.addEndpoint("cn-hangzhou", "Sts", kms.authority("sts-https"));
    // The metadata service answers those who take it for a proxy, too.
    EnvironmentUtils.setHttpProxy(kms.url("metadata"));
    System.setProperty("javax.net.ssl.trustStore", trustStore().toString());
    System.setProperty("javax.net.ssl.trustStorePassword", PASSWORD);
  }

  @AfterEach
  void end() throws Exception {
    System.clearProperty("javax.net.ssl.trustStore");
    System.clearProperty("javax.net.ssl.trustStorePassword");
    EnvironmentUtils.setHttpProxy(null);
    kms.close();
  }

  @ParameterizedTest
  @ValueSource(strings = {"client_key", "ak", "token", "sts", "ram_role", "ecs_ram_role"})
  void theSameFileGivesTheSameAccessKey(String type) throws Exception {
    String file = file(type).toString();
    try (SecretCacheClient official =
            SecretCacheClientBuilder.newCacheClientBuilder(
                    BaseSecretManagerClientBuilder.standard().withCustomConfigFile(file).build())
                .build();
        Provider provider =
            Provider.builder()
                .propertiesFile(file)
                .property("sts_endpoint", kms.url("sts-https"))
                .property("sts_ca_file_path", folder.resolve("ca.pem").toString())
                .property("ecs_metadata_endpoint", kms.url("metadata"))
                .open()) {
      String seen =
          JsonParser.parseString(official.getSecretInfo(APP).getSecretValue())
              .getAsJsonObject()
              .get("AccessKeyId")
              .getAsString();
      assertEquals(kms.accessKeyId(), seen);
      assertEquals(seen, provider.credentials(APP).accessKeyId());
    }
  }

  private Path file(String type) throws Exception {
    Properties reader = properties("with_access_key.properties");
    Properties assumer = properties("with_ram_role.properties");
    String identity =
        switch (type) {
          case "client_key" -> line("client_key_private_key_path", folder.resolve("clientKey.json").toString())
              + line("client_key_password_from_file_path", folder.resolve("clientKey_Password.txt").toString());
          case "ak" -> accessKey(reader);
          case "token" -> line("credentials_access_token_id", reader.getProperty("credentials_access_key_id"))
              + line("credentials_access_token", reader.getProperty("credentials_access_secret"));
          case "sts", "ram_role" -> accessKey(assumer)
              + line("credentials_role_session_name", "app")
              + line("credentials_role_arn", assumer.getProperty("credentials_role_arn"));
          case "ecs_ram_role" -> line("credentials_role_name", "ecs-reader");
          default -> throw new AssertionError(type);
        };
    Path file = folder.resolve("official_" + type + ".properties");
    return Files.writeString(
        file,
        line("credentials_type", type)
            + identity
            + line("cache_client_region_id", reader.getProperty("cache_client_region_id")));
  }

  private static String accessKey(Properties from) {
    return line("credentials_access_key_id", from.getProperty("credentials_access_key_id"))
        + line("credentials_access_secret", from.getProperty("credentials_access_secret"));
  }

  private static String line(String key, String value) {
    return key + "=" + value + "\n";
  }

  private Properties properties(String name) throws Exception {
    Properties properties = new Properties();
    try (InputStream in = Files.newInputStream(folder.resolve(name))) {
      properties.load(in);
    }
    return properties;
  }

  private Path trustStore() throws Exception {
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    try (InputStream in = Files.newInputStream(folder.resolve("ca.pem"))) {
      store.setCertificateEntry("emulator", CertificateFactory.getInstance("X.509").generateCertificate(in));
    }
    Path file = folder.resolve("trust.p12");
    try (OutputStream out = Files.newOutputStream(file)) {
      store.store(out, PASSWORD.toCharArray());
    }
    return file;
  }
}
