package io.fairlead.spring;

import io.micrometer.observation.ObservationRegistry;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.context.annotation.Bean;

/** Observes the invocations and operations of all platforms, the application's own included, where Micrometer is. */
@AutoConfiguration(after = FairleadAutoConfiguration.class)
@ConditionalOnClass(ObservationRegistry.class)
@ConditionalOnProperty(name = "fairlead.observations.enabled", matchIfMissing = true)
public class ObservationsAutoConfiguration {
  /** Creates the configuration; does nothing else. */
  public ObservationsAutoConfiguration() {}

  @Bean
  static ObservingPostProcessor fairleadObservingPostProcessor(
      ConfigurableListableBeanFactory beans,
      ObjectProvider<ObservationRegistry> registry,
      ObjectProvider<PlatformObservationConvention> convention) {
    return new ObservingPostProcessor(
        beans,
        new Observations(
            registry::getIfUnique,
            () -> convention.getIfUnique(PlatformObservationConvention::new)));
  }
}
