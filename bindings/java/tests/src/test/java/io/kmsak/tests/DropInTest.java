package io.kmsak.tests;

import static io.kmsak.tests.Kms.APP;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.aliyun.kms.secretsmanager.plugin.common.AKExpireHandler;
import com.aliyun.kms.secretsmanager.plugin.common.AliyunSDKSecretsManagerPluginsManager;
import com.aliyun.kms.secretsmanager.plugin.common.auth.SecretsManagerPluginCredentials;
import com.aliyun.kms.secretsmanager.plugin.common.utils.ConfigLoader;
import com.aliyun.kms.secretsmanager.plugin.oss.ProxyOSSClientBuilder;
import com.aliyun.kms.secretsmanager.plugin.sdkcore.ProxyAcsClient;
import com.aliyun.kms.secretsmanager.plugin.sdkcore.SdkCorePluginAKExpireHandler;
import com.aliyun.kms.secretsmanager.plugin.tea.openapi.ProxyClientCreator;
import com.aliyun.kms.secretsmanager.plugin.tea.openapi.TeaOpenApiPluginAKExpireHandler;
import com.aliyun.oss.OSS;
import com.aliyun.oss.OSSClient;
import com.aliyun.tea.TeaException;
import com.aliyun.teaopenapi.Client;
import com.aliyun.teaopenapi.models.Config;
import com.aliyun.teaopenapi.models.OpenApiRequest;
import com.aliyun.teautil.models.RuntimeOptions;
import com.aliyuncs.auth.AlibabaCloudCredentials;
import com.aliyuncs.auth.BasicCredentials;
import com.aliyuncs.exceptions.ClientException;
import com.aliyuncs.kms.secretsmanager.client.exception.CacheSecretException;
import com.aliyuncs.profile.DefaultProfile;
import com.aliyuncs.profile.IClientProfile;
import io.kmsak.ConfigurationException;
import io.kmsak.NotFoundException;
import io.kmsak.managedcredentials.SharedProvider;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What an application of the official SDK does, under the names that it imports. */
@Timeout(300)
class DropInTest {
  private Kms kms;

  @BeforeEach
  void start() throws Exception {
    kms = Kms.start();
    ConfigLoader.setConfigName(kms.onTheCloud());
  }

  @AfterEach
  void stop() throws Exception {
    ConfigLoader.setConfigName(null);
    kms.close();
  }

  /** As in Alibaba's solution guide. */
  private static final class AliyunSdkAKExpireHandler implements AKExpireHandler<ClientException> {
    final AtomicInteger judged = new AtomicInteger();

    @Override
    public boolean judgeAKExpire(ClientException e) {
      judged.incrementAndGet();
      return "InvalidAccessKeyId.NotFound".equals(e.getErrCode()) || "InvalidAccessKeyId".equals(e.getErrCode());
    }
  }

  @Test
  void theGuidesApplicationRunsOnAndOffTheCloud() throws Exception {
    for (String file : List.of(kms.onTheCloud(), kms.offTheCloud())) {
      ConfigLoader.setConfigName(file);
      AliyunSdkAKExpireHandler handler = new AliyunSdkAKExpireHandler();
      ProxyAcsClient client = new ProxyAcsClient("cn-hangzhou", APP, handler);
      assertNotNull(client.getAcsResponse(AdaptersTest.whoAmI(kms)).getArn());
      assertEquals(0, handler.judged.get());
      kms.rotate();
      assertNotNull(client.getAcsResponse(AdaptersTest.whoAmI(kms)).getArn());
      assertEquals(1, handler.judged.get());
      client.shutdown();
      client.shutdown();
    }
  }

  /** Why a client cannot be made: as officially, a RuntimeException because of a CacheSecretException. */
  private static Throwable refusal(org.junit.jupiter.api.function.Executable making) {
    RuntimeException error = assertThrows(RuntimeException.class, making);
    CacheSecretException cause = assertInstanceOf(CacheSecretException.class, error.getCause());
    assertEquals(cause.getMessage(), error.getMessage());
    return cause.getCause();
  }

  @Test
  void everyConstructorOfProxyAcsClient() throws Exception {
    IClientProfile profile = DefaultProfile.getProfile("cn-hangzhou");
    AliyunSdkAKExpireHandler handler = new AliyunSdkAKExpireHandler();
    List<ProxyAcsClient> clients =
        List.of(
            new ProxyAcsClient("cn-hangzhou", APP),
            new ProxyAcsClient("cn-hangzhou", APP, handler),
            new ProxyAcsClient(profile, APP),
            new ProxyAcsClient(profile, APP, handler),
            new ProxyAcsClient(APP),
            new ProxyAcsClient(APP, handler));
    for (ProxyAcsClient client : clients.subList(0, 4)) {
      assertNotNull(client.getAcsResponse(AdaptersTest.whoAmI(kms)).getArn());
    }
    AlibabaCloudCredentials own = new BasicCredentials("id", "secret");
    assertThrows(UnsupportedOperationException.class, () -> new ProxyAcsClient(profile, own, APP));
    assertThrows(UnsupportedOperationException.class, () -> new ProxyAcsClient(profile, () -> own, APP));
    for (ProxyAcsClient client : clients) {
      client.shutdown();
    }
    assertInstanceOf(NotFoundException.class, refusal(() -> new ProxyAcsClient("cn-hangzhou", "acs/ram/user/nobody")));
    ConfigLoader.setConfigName("nowhere.properties");
    assertInstanceOf(ConfigurationException.class, refusal(() -> new ProxyAcsClient("cn-hangzhou", APP)));
  }

  @Test
  void ossClients() {
    OSS client = new ProxyOSSClientBuilder().build(kms.url("oss"), APP);
    AKExpireHandler<com.aliyun.oss.OSSException> handler =
        error -> "InvalidAccessKeyId".equals(error.getErrorCode());
    OSS other = new ProxyOSSClientBuilder().build(kms.url("oss"), APP, handler);
    for (int rotation = 0; rotation < 3; rotation++) {
      assertNotNull(client.listBuckets());
      assertNotNull(other.listBuckets());
      kms.rotate();
    }
    // As officially: code casts it, and keeps it in sets.
    assertInstanceOf(OSSClient.class, client);
    assertEquals(client, client);
    assertNotEquals(client, other);
    client.shutdown();
    assertNotNull(other.listBuckets());
    other.shutdown();
  }

  @Test
  void clientsOfTheSecondSdks() throws Exception {
    Config config = new Config();
    config.endpoint = kms.authority("sts");
    config.protocol = "HTTP";
    Client client = ProxyClientCreator.createClient(config, Client.class, APP);
    Client other =
        ProxyClientCreator.createClient(config, Client.class, APP, error -> error.getCode().startsWith("InvalidAccessKeyId"));
    for (int rotation = 0; rotation < 3; rotation++) {
      for (Client one : List.of(client, other)) {
        String answer =
            one.callApi(AdaptersTest.whoAmI(), new OpenApiRequest(), new RuntimeOptions()).get("body").toString();
        assertTrue(answer.contains("Arn"), answer);
      }
      kms.rotate();
    }
    CacheSecretException error =
        assertThrows(
            CacheSecretException.class,
            () -> ProxyClientCreator.createClient("localhost", Client.class, "acs/ram/user/nobody"));
    assertInstanceOf(NotFoundException.class, error.getCause());
  }

  @Test
  void anEmptyConfigurationNameMeansTheUsualPlaces() {
    ConfigLoader.setConfigName("");
    Throwable error = refusal(() -> new ProxyAcsClient("cn-hangzhou", APP));
    assertTrue(error.getMessage().contains("managed_credentials_providers.properties"), error.getMessage());
  }

  @Test
  void aClientThatCannotBeMadeKeepsNothingOpen() throws Exception {
    SharedProvider share = SharedProvider.open(APP);
    assertThrows(RuntimeException.class, () -> new ProxyOSSClientBuilder().build("no endpoint", APP));
    assertThrows(NullPointerException.class, () -> new ProxyAcsClient((IClientProfile) null, APP));
    for (String nothing : new String[] {null, ""}) {
      assertThrows(IllegalArgumentException.class, () -> new ProxyOSSClientBuilder().build(kms.url("oss"), nothing));
      assertThrows(IllegalArgumentException.class, () -> new ProxyAcsClient("cn-hangzhou", nothing));
      assertThrows(IllegalArgumentException.class, () -> ProxyClientCreator.createClient("host", Client.class, nothing));
      assertThrows(IllegalArgumentException.class, () -> AliyunSDKSecretsManagerPluginsManager.getAccessKey(nothing));
      assertThrows(IllegalArgumentException.class, () -> AliyunSDKSecretsManagerPluginsManager.refreshSecretInfo(nothing));
    }
    AliyunSDKSecretsManagerPluginsManager.shutdown();
    assertThrows(NullPointerException.class, () -> ProxyClientCreator.createClient((Config) null, Client.class, APP));
    CacheSecretException error =
        assertThrows(CacheSecretException.class, () -> ProxyClientCreator.createClient("host", WithoutConfig.class, APP));
    assertTrue(error.getMessage().contains("WithoutConfig"), error.getMessage());
    TeaException own =
        assertThrows(TeaException.class, () -> ProxyClientCreator.createClient("host", Refusing.class, APP));
    assertEquals("no such host", own.getMessage());
    share.close();
    assertTrue(share.provider().isClosed());
  }

  /** A client class that refuses its configuration. */
  public static class Refusing extends Client {
    public Refusing(Config config) throws Exception {
      super(config);
      throw new TeaException("no such host", null);
    }
  }

  /** A client class with another constructor. */
  public static class WithoutConfig extends Client {
    public WithoutConfig() throws Exception {
      super(new Config());
    }
  }

  @Test
  void aProductsClientOfTheSecondSdks() throws Exception {
    Config config = new Config();
    config.endpoint = kms.authority("sts");
    config.protocol = "HTTP";
    com.aliyun.sts20150401.Client client =
        ProxyClientCreator.createClient(
            config, com.aliyun.sts20150401.Client.class, APP, new TeaOpenApiPluginAKExpireHandler());
    for (int rotation = 0; rotation < 3; rotation++) {
      assertTrue(client.getCallerIdentity().getBody().getArn().endsWith("user/app"));
      kms.rotate();
    }
    com.aliyun.sts20150401.Client other =
        ProxyClientCreator.createClient(config, com.aliyun.sts20150401.Client.class, APP);
    assertSame(client.getClass(), other.getClass());
    assertTrue(other.getCallerIdentity().getBody().getArn().endsWith("user/app"));
  }

  @Test
  void handlersKnowTheUsualCodesOrTheirOwn() {
    ClientException unknown = new ClientException("InvalidAccessKeyId.NotFound", "");
    ClientException mine = new ClientException("Mine", "");
    assertTrue(new SdkCorePluginAKExpireHandler().judgeAKExpire(unknown));
    assertTrue(new SdkCorePluginAKExpireHandler(new String[0]).judgeAKExpire(unknown));
    SdkCorePluginAKExpireHandler handler = new SdkCorePluginAKExpireHandler(new String[] {"Mine"});
    assertTrue(handler.judgeAKExpire(mine));
    assertFalse(handler.judgeAKExpire(unknown));
    TeaException unauthorized = new TeaException();
    unauthorized.setCode("Unauthorized");
    assertTrue(new TeaOpenApiPluginAKExpireHandler().judgeAKExpire(unauthorized));
    assertFalse(new TeaOpenApiPluginAKExpireHandler(new String[] {"Mine"}).judgeAKExpire(unauthorized));
  }

  @Test
  void aFetchThatHangsHoldsUpNoOtherSecret() throws Exception {
    // Their names have one hash, so that a map keeps them in one place.
    List<String> names = List.of("acs/ram/user/Aa", "acs/ram/user/BB");
    assertEquals(names.get(0).hashCode(), names.get(1).hashCode());
    for (String user : List.of("Aa", "BB")) {
      kms.admin("POST", "/users", "{\"name\": \"" + user + "\"}");
      kms.createSecret("{\"user\": \"" + user + "\"}");
    }
    kms.fault("{\"kind\": \"hang\", \"secret\": \"" + names.get(0) + "\"}");
    CompletableFuture<SecretsManagerPluginCredentials> hanging =
        CompletableFuture.supplyAsync(
            () -> {
              try {
                return AliyunSDKSecretsManagerPluginsManager.getAccessKey(names.get(0));
              } catch (CacheSecretException error) {
                throw new CompletionException(error);
              }
            });
    kms.waitForFault("hang");
    assertNotNull(AliyunSDKSecretsManagerPluginsManager.getAccessKey(names.get(1)));
    assertFalse(hanging.isDone());
    kms.clearFaults();
    assertNotNull(hanging.get());
    AliyunSDKSecretsManagerPluginsManager.shutdown();
  }
}
