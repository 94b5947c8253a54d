package io.fairlead.spring;

import io.micrometer.core.instrument.MeterRegistry;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.context.annotation.Bean;

/** Times the invocations and operations of all platforms, the application's own included, where Micrometer is. */
@AutoConfiguration(after = FairleadAutoConfiguration.class)
@ConditionalOnClass(MeterRegistry.class)
@ConditionalOnProperty(name = "fairlead.observations.enabled", matchIfMissing = true)
public class ObservationsAutoConfiguration {
  /** Creates the configuration; does nothing else. */
  public ObservationsAutoConfiguration() {}

  @Bean
  static ObservingPostProcessor fairleadObservingPostProcessor(
      ConfigurableListableBeanFactory beans, ObjectProvider<MeterRegistry> registry) {
    return new ObservingPostProcessor(beans, registry);
  }
}
