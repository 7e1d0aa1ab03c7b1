package io.kmsak.tests.spring;

import static io.kmsak.tests.Kms.APP;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.aliyun.oss.OSS;
import com.aliyuncs.IAcsClient;
import io.kmsak.ConfigurationException;
import io.kmsak.Event;
import io.kmsak.Provider;
import io.kmsak.credentials.KmsakCredentialsClient;
import io.kmsak.tests.Kms;
import io.micrometer.core.instrument.MeterRegistry;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.event.EventListener;

/** An application with the starter. */
@Timeout(300)
class StarterTest {
  private Kms kms;

  @BeforeEach
  void start() throws Exception {
    kms = Kms.start();
  }

  @AfterEach
  void stop() throws Exception {
    kms.close();
  }

  /** Listens to a rotation. */
  @Configuration(proxyBeanMethods = false)
  @EnableAutoConfiguration
  static class Application {
    final BlockingQueue<Event.Rotated> rotations = new LinkedBlockingQueue<>();

    @EventListener
    void rotated(Event.Rotated event) {
      rotations.add(event);
    }
  }

  /** Has a provider of its own. */
  @Configuration(proxyBeanMethods = false)
  @EnableAutoConfiguration
  static class WithItsOwn {
    @Bean
    Provider own() {
      return Provider.fixed().accessKey(APP, "LTAI1", "one").open();
    }
  }

  private static ConfigurableApplicationContext run(Class<?> application, String... properties) {
    SpringApplication built =
        new SpringApplicationBuilder(application).properties("spring.main.web-application-type=none").build();
    String[] arguments = new String[properties.length];
    for (int index = 0; index < properties.length; index++) {
      arguments[index] = "--" + properties[index];
    }
    return built.run(arguments);
  }

  /** By reflection, for its package differs between Spring Boot 3 and 4. */
  private static String status(ConfigurableApplicationContext context) throws Exception {
    return health(context).getClass().getMethod("getStatus").invoke(health(context)).toString();
  }

  private static Object health(ConfigurableApplicationContext context) throws Exception {
    Object indicator = context.getBean("kmsakHealthIndicator");
    var health = indicator.getClass().getMethod("health");
    health.setAccessible(true);
    return health.invoke(indicator);
  }

  private static Map<?, ?> details(ConfigurableApplicationContext context) throws Exception {
    Object health = health(context);
    return (Map<?, ?>) health.getClass().getMethod("getDetails").invoke(health);
  }

  @Test
  void theOfficialFileIsEnough() throws Exception {
    Provider provider;
    try (ConfigurableApplicationContext context =
        run(
            Application.class,
            "kmsak.config=" + kms.onTheCloud(),
            "kmsak.secret-name=" + APP,
            "kmsak.oss.endpoint=" + kms.url("oss"),
            "kmsak.sdk-core.region-id=cn-hangzhou")) {
      provider = context.getBean(Provider.class);
      String id = context.getBean(KmsakCredentialsClient.class).getAccessKeyId();
      assertEquals(kms.accessKeyId(), id);
      assertNotNull(context.getBean(OSS.class).listBuckets());
      assertNotNull(context.getBean(IAcsClient.class));
      kms.rotate();
      assertNotNull(context.getBean(OSS.class).listBuckets());
      Event.Rotated rotation = context.getBean(Application.class).rotations.poll(60, TimeUnit.SECONDS);
      assertEquals(id, rotation.oldAccessKeyId());

      assertEquals("UP", status(context));
      assertTrue(details(context).get("secrets").toString().contains(APP), details(context).toString());
      assertTrue(details(context).get("clientKeys").toString().contains("daysLeft"), details(context).toString());
      assertTrue(details(context).get("endpoints").toString().contains("up"), details(context).toString());

      MeterRegistry registry = context.getBean(MeterRegistry.class);
      assertTrue(registry.get("kmsak.secret.fetches").tag("secret", APP).functionCounter().count() >= 2);
      assertTrue(registry.get("kmsak.secret.age").gauge().value() >= 0);
      assertEquals(0, registry.get("kmsak.secret.stale").gauge().value());
      assertTrue(registry.get("kmsak.client.key.days.left").gauge().value() > 0);
      assertEquals(1, registry.get("kmsak.endpoint.up").gauge().value());

      assertThrows(RuntimeException.class, () -> provider.credentials("acs/ram/user/nobody"));
      assertFalse(details(context).toString().contains(provider.credentials(APP).accessKeySecret()));
    }
    assertTrue(provider.isClosed());
  }

  @Test
  void everythingCanBeGivenByProperties() throws Exception {
    Path folder = Path.of(kms.onTheCloud()).getParent();
    try (ConfigurableApplicationContext context =
        run(
            Application.class,
            "kmsak.client-key-file=" + folder.resolve("clientKey.json"),
            "kmsak.client-key-password-file=" + folder.resolve("clientKey_Password.txt"),
            "kmsak.gateways[0].kind=instance",
            "kmsak.gateways[0].endpoint=" + kms.authority("instance"),
            "kmsak.gateways[0].ca-file=" + folder.resolve("ca.pem"),
            "kmsak.rotation-interval=1h",
            "kmsak.renew-tokens=7",
            "kmsak.settings[jitter_interval]=1000",
            "kmsak.secret-names=" + APP)) {
      assertEquals(kms.accessKeyId(), context.getBean(Provider.class).credentials(APP).accessKeyId());
    }
  }

  @Test
  void aMistakeEndsTheApplicationWithItsSentence() {
    Throwable error = assertThrows(RuntimeException.class, () -> run(Application.class, "kmsak.config=nowhere.properties"));
    while (error.getCause() != null && !(error instanceof ConfigurationException)) {
      error = error.getCause();
    }
    assertTrue(error.getMessage().contains("nowhere.properties"), error.getMessage());
  }

  @Test
  void aProviderOfTheApplicationsOwnIsTaken() throws Exception {
    try (ConfigurableApplicationContext context = run(WithItsOwn.class)) {
      assertSame(context.getBean("own"), context.getBean(Provider.class));
      assertEquals("UP", status(context));
    }
  }

  @Test
  void nothingIsMadeWhereItIsSwitchedOff() {
    try (ConfigurableApplicationContext context = run(Application.class, "kmsak.enabled=false")) {
      assertEquals(0, context.getBeanNamesForType(Provider.class).length);
      assertFalse(context.containsBean("kmsakHealthIndicator"));
    }
  }
}
