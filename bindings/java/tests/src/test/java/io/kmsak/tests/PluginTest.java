package io.kmsak.tests;

import static io.kmsak.tests.Kms.APP;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.aliyun.kms.secretsmanager.plugin.common.AliyunSDKSecretsManagerPlugin;
import com.aliyun.kms.secretsmanager.plugin.common.AliyunSDKSecretsManagerPluginsManager;
import com.aliyun.kms.secretsmanager.plugin.common.SecretsManagerPluginCredentialUpdater;
import com.aliyun.kms.secretsmanager.plugin.common.auth.SecretsManagerPluginCredentials;
import com.aliyun.kms.secretsmanager.plugin.common.auth.ThreadSafeCredentials;
import com.aliyun.kms.secretsmanager.plugin.common.model.MonitorMessageInfo;
import com.aliyun.kms.secretsmanager.plugin.common.model.SecretsManagerPluginCredentialsProvider;
import com.aliyun.kms.secretsmanager.plugin.common.service.DefaultSecretsManagerPluginCredentialsProviderLoader;
import com.aliyun.kms.secretsmanager.plugin.common.service.MonitorMemoryCacheSecretStoreStrategy;
import com.aliyun.kms.secretsmanager.plugin.common.service.SecretExchange;
import com.aliyun.kms.secretsmanager.plugin.common.service.SecretRecoveryStrategy;
import com.aliyun.kms.secretsmanager.plugin.common.utils.ConfigLoader;
import com.aliyun.kms.secretsmanager.plugin.common.utils.CredentialsUtils;
import com.aliyun.kms.secretsmanager.plugin.ons.ProxyOnsProducerBeanBuilder;
import com.aliyun.kms.secretsmanager.plugin.ons.ProxyOnsProducerBuilder;
import com.aliyun.kms.secretsmanager.plugin.oss.SecretsManagerOssPluginManager;
import com.aliyun.kms.secretsmanager.plugin.sdkcore.ProxyAcsClient;
import com.aliyun.kms.secretsmanager.plugin.sdkcore.SecretsManagerSdkCorePluginManager;
import com.aliyun.kms.secretsmanager.plugin.tea.openapi.SecretsManagerTeaOpenApiPluginManager;
import com.aliyun.openservices.ons.api.Producer;
import com.aliyun.openservices.ons.api.PropertyKeyConst;
import com.aliyun.openservices.ons.api.bean.ProducerBean;
import com.aliyun.openservices.ons.api.impl.authority.SessionCredentials;
import com.aliyun.oss.OSS;
import com.aliyun.teaopenapi.models.Config;
import com.aliyuncs.IAcsClient;
import com.aliyuncs.auth.BasicCredentials;
import com.aliyuncs.kms.secretsmanager.client.exception.CacheSecretException;
import com.aliyuncs.kms.secretsmanager.client.model.CacheSecretInfo;
import com.aliyuncs.kms.secretsmanager.client.model.SecretInfo;
import io.kmsak.ConfigurationException;
import io.kmsak.NotFoundException;
import io.kmsak.managedcredentials.SharedProvider;
import java.lang.reflect.Field;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The official SDK's plug-in, and what hangs on it. */
@Timeout(300)
class PluginTest {
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
    try {
      AliyunSDKSecretsManagerPluginsManager.shutdown();
    } catch (RuntimeException none) {
      // Only a test that failed leaves one behind.
      assertNotNull(none.getMessage());
    }
  }

  @Test
  void anAccessKeyWithoutAClient() throws Exception {
    AliyunSDKSecretsManagerPluginsManager.init();
    SecretsManagerPluginCredentials credentials = AliyunSDKSecretsManagerPluginsManager.getAccessKey(APP);
    assertEquals(kms.accessKeyId(), credentials.getAccessKeyId());
    assertEquals(-1, credentials.getExpireTimestamp());
    assertFalse(credentials.isExpire());
    kms.rotate();
    AliyunSDKSecretsManagerPluginsManager.refreshSecretInfo(APP);
    assertEquals(kms.accessKeyId(), AliyunSDKSecretsManagerPluginsManager.getAccessKeyId(APP));
    assertFalse(AliyunSDKSecretsManagerPluginsManager.getAccessKeySecret(APP).isEmpty());
    CacheSecretException error =
        assertThrows(
            CacheSecretException.class, () -> AliyunSDKSecretsManagerPluginsManager.getAccessKey("acs/ram/user/nobody"));
    assertInstanceOf(NotFoundException.class, error.getCause());
    SharedProvider share = SharedProvider.join();
    AliyunSDKSecretsManagerPluginsManager.shutdown();
    share.close();
    assertTrue(share.provider().isClosed());
    assertThrows(RuntimeException.class, AliyunSDKSecretsManagerPluginsManager::shutdown);
  }

  @Test
  void aWrongConfigurationFailsAtInitAndCanBeMended() throws Exception {
    ConfigLoader.setConfigName("nowhere.properties");
    CacheSecretException error =
        assertThrows(CacheSecretException.class, () -> AliyunSDKSecretsManagerPluginsManager.init());
    assertInstanceOf(ConfigurationException.class, error.getCause());
    ConfigLoader.setConfigName(kms.onTheCloud());
    AliyunSDKSecretsManagerPluginsManager.init();
    assertNotNull(AliyunSDKSecretsManagerPluginsManager.getAccessKeyId(APP));
    AliyunSDKSecretsManagerPluginsManager.shutdown();
  }

  @Test
  void initFetchesTheNamedSecrets() throws Exception {
    Path file = Path.of(kms.onTheCloud());
    Files.writeString(file, Files.readString(file) + "\nsecret_names=" + APP + "\n");
    AliyunSDKSecretsManagerPluginsManager.init();
    AliyunSDKSecretsManagerPlugin plugin = AliyunSDKSecretsManagerPluginsManager.getSecretsManagerPlugin();
    BlockingQueue<SecretInfo> updates = new LinkedBlockingQueue<>();
    plugin.registerSecretsManagerPluginUpdater(APP, updater(updates));
    // Nobody has asked for it.
    if (plugin.provider().cachedCredentials(APP) == null) {
      assertNotNull(updates.poll(60, TimeUnit.SECONDS));
    }
    AliyunSDKSecretsManagerPluginsManager.shutdown();
  }

  private static SecretsManagerPluginCredentialUpdater<Object> updater(BlockingQueue<SecretInfo> updates) {
    return new SecretsManagerPluginCredentialUpdater<>() {
      @Override
      public Object getClient() {
        return updates;
      }

      @Override
      public void updateCredential(SecretInfo secretInfo) {
        updates.add(secretInfo);
      }

      @Override
      public void close() {
        updates.add(new SecretInfo());
      }
    };
  }

  @Test
  void aFailedRefreshIsSwallowedAndThereIsALimit() throws Exception {
    AliyunSDKSecretsManagerPluginsManager.refreshSecretInfo("acs/ram/user/nobody");
    String id = AliyunSDKSecretsManagerPluginsManager.getAccessKeyId(APP);
    for (int refresh = 0; refresh < 5; refresh++) {
      AliyunSDKSecretsManagerPluginsManager.refreshSecretInfo(APP);
    }
    kms.rotate();
    AliyunSDKSecretsManagerPluginsManager.refreshSecretInfo(APP);
    assertEquals(id, AliyunSDKSecretsManagerPluginsManager.getAccessKeyId(APP));
    AliyunSDKSecretsManagerPluginsManager.shutdown();
  }

  @Test
  void updatersHearOfARotationAndAreClosedWithTheirClients() throws Exception {
    AliyunSDKSecretsManagerPlugin plugin = AliyunSDKSecretsManagerPluginsManager.getSecretsManagerPlugin();
    BlockingQueue<SecretInfo> updates = new LinkedBlockingQueue<>();
    SecretsManagerPluginCredentialUpdater<Object> broken = updater(new LinkedBlockingQueue<>(1));
    plugin.registerSecretsManagerPluginUpdater(APP, broken);
    plugin.registerSecretsManagerPluginUpdater(APP, updater(updates));
    String old = plugin.getAccessKey(APP).getAccessKeyId();
    kms.rotate();
    plugin.provider().renew(APP, old);
    String heard = old;
    while (heard.equals(old)) {
      SecretInfo update = updates.poll(60, TimeUnit.SECONDS);
      assertEquals(APP, update.getSecretName());
      heard = CredentialsUtils.generateCredentialsBySecret(update.getSecretValue()).getAccessKeyId();
    }
    assertEquals(kms.accessKeyId(), heard);
    plugin.closeSecretsManagerPluginUpdaterAndClient(APP, updates);
    SecretInfo last = updates.poll(60, TimeUnit.SECONDS);
    while (last.getSecretName() != null) {
      last = updates.poll(60, TimeUnit.SECONDS);
    }
    AliyunSDKSecretsManagerPluginsManager.shutdown();
  }

  @Test
  void theManagersClientsGoOnThroughRotationsAndEndWithThem() throws Exception {
    IAcsClient acs = SecretsManagerSdkCorePluginManager.getSdkCoreClient("cn-hangzhou", APP);
    OSS oss = SecretsManagerOssPluginManager.getOssClient(kms.url("oss"), APP);
    Config config = new Config();
    config.endpoint = kms.authority("sts");
    config.protocol = "HTTP";
    com.aliyun.sts20150401.Client tea =
        SecretsManagerTeaOpenApiPluginManager.getTeaOpenApiClient(config, com.aliyun.sts20150401.Client.class, APP);
    for (int rotation = 0; rotation < 3; rotation++) {
      assertNotNull(acs.getAcsResponse(AdaptersTest.whoAmI(kms)).getArn());
      assertNotNull(oss.listBuckets());
      assertTrue(tea.getCallerIdentity().getBody().getArn().endsWith("user/app"));
      kms.rotate();
    }
    SecretsManagerSdkCorePluginManager.closeSdkCoreClient(acs, APP);
    acs.shutdown();
    SecretsManagerOssPluginManager.closeOssClient(oss, APP);
    oss.shutdown();
    SecretsManagerTeaOpenApiPluginManager.closeOpenApiClient(tea, APP);
    SecretsManagerSdkCorePluginManager.destroy();
    SecretsManagerOssPluginManager.destroy();
    SecretsManagerTeaOpenApiPluginManager.destroy();
    AliyunSDKSecretsManagerPluginsManager.shutdown();
  }

  @Test
  void onsClientsAreGivenEachNewAccessKey() throws Exception {
    Properties properties = new Properties();
    properties.setProperty(PropertyKeyConst.GROUP_ID, "GID_test");
    properties.setProperty(PropertyKeyConst.NAMESRV_ADDR, "127.0.0.1:1");
    Producer producer = new ProxyOnsProducerBuilder().build(properties, APP);
    ProducerBean bean = new ProxyOnsProducerBeanBuilder().build(properties, APP);
    assertEquals(kms.accessKeyId(), accessKeyId(producer));
    kms.rotate();
    AliyunSDKSecretsManagerPluginsManager.refreshSecretInfo(APP);
    assertEquals(kms.accessKeyId(), accessKeyId(producer));
    // One that is started after the rotation begins with the new one.
    assertEquals(kms.accessKeyId(), bean.getProperties().getProperty(PropertyKeyConst.AccessKey));
    AliyunSDKSecretsManagerPluginsManager.shutdown();
  }

  /** What it signs with; there is no broker to ask. */
  private static String accessKeyId(Producer producer) throws Exception {
    for (Class<?> type = producer.getClass(); type != null; type = type.getSuperclass()) {
      for (Field field : type.getDeclaredFields()) {
        if (field.getType() == SessionCredentials.class) {
          field.setAccessible(true);
          return ((SessionCredentials) field.get(producer)).getAccessKey();
        }
      }
    }
    throw new AssertionError(producer.getClass() + " has no credentials");
  }

  @Test
  void aLoaderSaysMoreThanTheConfiguration() throws Exception {
    SecretsManagerPluginCredentialsProvider said = new SecretsManagerPluginCredentialsProvider();
    said.setRotationInterval(3_600_000);
    said.setSecretExchange(
        new SecretExchange() {
          @Override
          public String exchangeSecretName(String userSecretName) {
            return userSecretName.equals("mine") ? APP : userSecretName;
          }
        });
    SecretInfo elsewhere =
        CredentialsUtils.generateSecretInfoByCredentials(new SecretsManagerPluginCredentials("id", "secret", -1), "lost");
    said.setSecretRecoveryStrategy(
        new SecretRecoveryStrategy() {
          @Override
          public SecretInfo recoveryGetSecret(String secretName) {
            return secretName.equals("lost") ? elsewhere : null;
          }
        });
    BlockingQueue<CacheSecretInfo> stored = new LinkedBlockingQueue<>();
    said.setRefreshableCacheSecretStoreStrategy(
        new MonitorMemoryCacheSecretStoreStrategy() {
          @Override
          public void storeSecret(CacheSecretInfo cacheSecretInfo) {
            super.storeSecret(cacheSecretInfo);
            stored.add(cacheSecretInfo);
          }
        });
    AliyunSDKSecretsManagerPluginsManager.init(new DefaultSecretsManagerPluginCredentialsProviderLoader(said));
    ProxyAcsClient client = new ProxyAcsClient("cn-hangzhou", "mine");
    assertNotNull(client.getAcsResponse(AdaptersTest.whoAmI(kms)).getArn());
    kms.rotate();
    assertNotNull(client.getAcsResponse(AdaptersTest.whoAmI(kms)).getArn());
    assertEquals(APP, stored.poll(60, TimeUnit.SECONDS).getSecretInfo().getSecretName());
    assertEquals("id", AliyunSDKSecretsManagerPluginsManager.getAccessKeyId("lost"));
    assertThrows(
        CacheSecretException.class, () -> AliyunSDKSecretsManagerPluginsManager.getAccessKey("acs/ram/user/nobody"));
    client.shutdown();
    AliyunSDKSecretsManagerPluginsManager.shutdown();
    // The next one has the configuration alone.
    assertEquals("mine", SharedProvider.realName("mine"));
  }

  @Test
  void aLoaderThatWantsWhatCannotBeIsRefused() {
    SecretsManagerPluginCredentialsProvider said = new SecretsManagerPluginCredentialsProvider();
    said.setCredentialsProvider(() -> new BasicCredentials("id", "secret"));
    IllegalArgumentException error =
        assertThrows(
            IllegalArgumentException.class,
            () -> AliyunSDKSecretsManagerPluginsManager.init(new DefaultSecretsManagerPluginCredentialsProviderLoader(said)));
    assertTrue(error.getMessage().contains("ClientKey"), error.getMessage());
    assertThrows(IllegalArgumentException.class, () -> AliyunSDKSecretsManagerPluginsManager.init(null));
  }

  @Test
  void theConfigurationMayBeOnTheClassPathWithASlash() throws Exception {
    Path folder = Path.of(kms.onTheCloud()).getParent();
    Thread thread = Thread.currentThread();
    ClassLoader before = thread.getContextClassLoader();
    try (var loader = new java.net.URLClassLoader(new java.net.URL[] {folder.toUri().toURL()}, before)) {
      thread.setContextClassLoader(loader);
      ConfigLoader.setConfigName("/on_the_cloud.properties");
      assertEquals(kms.accessKeyId(), AliyunSDKSecretsManagerPluginsManager.getAccessKeyId(APP));
      AliyunSDKSecretsManagerPluginsManager.shutdown();
    } finally {
      thread.setContextClassLoader(before);
    }
  }

  @Test
  void credentialsAreWholeOrRefused() {
    ThreadSafeCredentials credentials = new ThreadSafeCredentials("id", "secret");
    credentials.switchCredentials(new SecretsManagerPluginCredentials("new", "other", -1));
    assertEquals("new other", credentials.getAccessKeyId() + " " + credentials.getAccessKeySecret());
    for (String nothing : new String[] {null, ""}) {
      assertThrows(IllegalArgumentException.class, () -> new ThreadSafeCredentials(nothing, "secret"));
      assertThrows(IllegalArgumentException.class, () -> new SecretsManagerPluginCredentials("id", nothing, -1));
    }
    assertTrue(new SecretsManagerPluginCredentials("id", "secret", 1).isExpire());
    for (String bad : List.of("", "topsecret", "[]", "{\"AccessKeyId\":\"topsecret\"}", "{\"AccessKeyId\":{},\"AccessKeySecret\":\"topsecret\"}")) {
      IllegalArgumentException error =
          assertThrows(IllegalArgumentException.class, () -> CredentialsUtils.generateCredentialsBySecret(bad));
      assertFalse(error.toString().contains("topsecret"), error.toString());
    }
    SecretsManagerPluginCredentials ending =
        CredentialsUtils.generateCredentialsBySecret(
            "{\"AccessKeyId\":\"a\",\"AccessKeySecret\":\"b\",\"ExpireTimestamp\":\"2024-01-02T03:04:05Z\"}");
    assertEquals(1704164645000L, ending.getExpireTimestamp());
    assertNotEquals("", new MonitorMessageInfo("action", APP, null, "nothing").getTimestamp());
  }
}
