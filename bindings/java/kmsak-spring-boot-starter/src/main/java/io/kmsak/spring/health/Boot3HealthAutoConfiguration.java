package io.kmsak.spring.health;

import io.kmsak.Provider;
import io.kmsak.spring.KmsakAutoConfiguration;
import org.springframework.boot.actuate.health.Health;
import org.springframework.boot.actuate.health.HealthIndicator;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.context.annotation.Bean;

/** The health {@code kmsak}, for the Actuator of Spring Boot 3. */
@AutoConfiguration(after = KmsakAutoConfiguration.class)
@ConditionalOnClass(HealthIndicator.class)
@ConditionalOnBean(Provider.class)
@ConditionalOnProperty(name = "management.health.kmsak.enabled", matchIfMissing = true)
public class Boot3HealthAutoConfiguration {
  /** Made by Spring. */
  public Boot3HealthAutoConfiguration() {}

  /**
   * Tells of the provider.
   *
   * @param provider the provider
   * @return its health
   */
  @Bean
  @ConditionalOnMissingBean(name = "kmsakHealthIndicator")
  public HealthIndicator kmsakHealthIndicator(Provider provider) {
    return () -> {
      State state = State.of(provider);
      return (state.isUp() ? Health.up() : Health.down()).withDetails(state.details()).build();
    };
  }
}
