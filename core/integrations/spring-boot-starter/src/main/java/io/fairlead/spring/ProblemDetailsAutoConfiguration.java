package io.fairlead.spring;

import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnWebApplication;
import org.springframework.context.annotation.Bean;
import org.springframework.web.bind.annotation.RestControllerAdvice;

/** Answers with a problem detail where a controller of Spring MVC or WebFlux fails with a {@code ServingException}. */
@AutoConfiguration(after = FairleadAutoConfiguration.class)
@ConditionalOnClass(RestControllerAdvice.class)
@ConditionalOnWebApplication
@ConditionalOnProperty(name = "fairlead.problem-details.enabled", matchIfMissing = true)
public class ProblemDetailsAutoConfiguration {
  /** Creates the configuration; does nothing else. */
  public ProblemDetailsAutoConfiguration() {}

  @Bean
  ServingExceptionHandler fairleadServingExceptionHandler() {
    return new ServingExceptionHandler();
  }
}
