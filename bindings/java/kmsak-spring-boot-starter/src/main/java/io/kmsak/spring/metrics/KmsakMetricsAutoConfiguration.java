package io.kmsak.spring.metrics;

import io.kmsak.Provider;
import io.kmsak.spring.KmsakAutoConfiguration;
import io.micrometer.core.instrument.binder.MeterBinder;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.context.annotation.Bean;

/** Meters of the provider, where Micrometer is. */
@AutoConfiguration(after = KmsakAutoConfiguration.class)
@ConditionalOnClass(MeterBinder.class)
@ConditionalOnBean(Provider.class)
public class KmsakMetricsAutoConfiguration {
  /** Made by Spring. */
  public KmsakMetricsAutoConfiguration() {}

  /**
   * Measures the provider.
   *
   * @param provider the provider
   * @return closed with the application
   */
  @Bean(destroyMethod = "close")
  @ConditionalOnMissingBean
  public KmsakMeters kmsakMeters(Provider provider) {
    return new KmsakMeters(provider);
  }
}
