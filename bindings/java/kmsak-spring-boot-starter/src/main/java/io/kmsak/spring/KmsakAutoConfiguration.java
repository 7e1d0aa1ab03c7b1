package io.kmsak.spring;

import io.kmsak.Provider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.ApplicationEventPublisher;
import org.springframework.context.annotation.Bean;

/** One provider for the application, which is closed with it, and its events as the application's. */
@AutoConfiguration
@ConditionalOnProperty(name = "kmsak.enabled", matchIfMissing = true)
@EnableConfigurationProperties(KmsakProperties.class)
public class KmsakAutoConfiguration {
  /** Made by Spring. */
  public KmsakAutoConfiguration() {}

  /**
   * The provider, unless the application has one of its own.
   *
   * @param properties what {@code kmsak.*} says
   * @return an open provider
   */
  @Bean(destroyMethod = "close")
  @ConditionalOnMissingBean
  public Provider kmsakProvider(KmsakProperties properties) {
    return properties.builder().open();
  }

  /**
   * What publishes each {@link io.kmsak.Event} to the application's {@code @EventListener}s, on a thread of kmsak's.
   *
   * @param provider tells the events
   * @param publisher the application
   * @return closed with the application
   */
  @Bean(destroyMethod = "close")
  @ConditionalOnMissingBean
  public KmsakEvents kmsakEvents(Provider provider, ApplicationEventPublisher publisher) {
    return new KmsakEvents(provider, publisher);
  }
}
