package io.fairlead.spring;

import io.fairlead.config.StartDeployments;
import org.springframework.boot.ApplicationArguments;
import org.springframework.boot.ApplicationRunner;
import org.springframework.core.Ordered;

/**
 * Deploys at start what is configured so.
 *
 * <p>Spring Boot publishes that the application accepts traffic when its runners have ended: until then it is not
 * ready.
 */
final class DeployAtStart implements ApplicationRunner, Ordered {
  private final StartDeployments deployments;

  DeployAtStart(StartDeployments deployments) {
    this.deployments = deployments;
  }

  /** {@return first of all runners: the application's own may invoke what is deployed here} */
  @Override
  public int getOrder() {
    return Ordered.HIGHEST_PRECEDENCE;
  }

  @Override
  public void run(ApplicationArguments arguments) {
    deployments.run();
  }
}
