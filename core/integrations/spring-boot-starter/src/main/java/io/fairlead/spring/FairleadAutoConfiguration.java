package io.fairlead.spring;

import io.fairlead.spring.FairleadRegistrar.Declarations;
import org.springframework.beans.factory.BeanFactory;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Import;

/**
 * Makes beans of the platforms, endpoints and functions below {@code fairlead} in an application's configuration, and
 * deploys what is to be deployed at start.
 */
@AutoConfiguration
@Import(FairleadRegistrar.class)
public class FairleadAutoConfiguration {
  /** Creates the configuration; does nothing else. */
  public FairleadAutoConfiguration() {}

  @Bean
  DeployAtStart fairleadDeployAtStart(Declarations declarations, BeanFactory beans) {
    return new DeployAtStart(declarations.all(), declarations.properties().start(), beans);
  }

  @Bean
  PlatformsHealth fairleadPlatformsHealth(
      Declarations declarations, DeployAtStart start, BeanFactory beans) {
    return new PlatformsHealth(
        declarations.all(), start, declarations.properties().health(), beans, System::nanoTime);
  }
}
