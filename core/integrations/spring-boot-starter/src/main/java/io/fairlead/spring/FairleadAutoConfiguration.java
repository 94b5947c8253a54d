package io.fairlead.spring;

import io.fairlead.config.PlatformsHealth;
import io.fairlead.config.StartDeployments;
import io.fairlead.platform.Platform;
import io.fairlead.spring.FairleadRegistrar.Declarations;
import java.util.function.Function;
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
  StartDeployments fairleadStartDeployments(Declarations declarations, BeanFactory beans) {
    return new StartDeployments(declarations.all(), declarations.start(), platforms(beans));
  }

  @Bean
  DeployAtStart fairleadDeployAtStart(StartDeployments deployments) {
    return new DeployAtStart(deployments);
  }

  @Bean
  PlatformsHealth fairleadPlatformsHealth(
      Declarations declarations, StartDeployments start, BeanFactory beans) {
    return new PlatformsHealth(
        declarations.all(), start, declarations.health(), platforms(beans), System::nanoTime);
  }

  private static Function<String, Platform<?>> platforms(BeanFactory beans) {
    return name -> beans.getBean(name, Platform.class);
  }
}
