package io.fairlead.spring;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.env.YamlPropertySourceLoader;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.io.ByteArrayResource;

/** Applications to test with. */
final class Applications {
  private Applications() {}

  /** {@return a context with this module's configuration, which runs no runner} */
  static ApplicationContextRunner context(String... properties) {
    return new ApplicationContextRunner()
        .withConfiguration(AutoConfigurations.of(
            FairleadAutoConfiguration.class,
            ObservationsAutoConfiguration.class,
            Boot3HealthAutoConfiguration.class,
            Boot4HealthAutoConfiguration.class))
        .withPropertyValues(properties);
  }

  /** {@return a context with this module's configuration and a file, {@code application.yml}} */
  static ApplicationContextRunner yaml(String text) {
    return context().withInitializer(context -> {
      try {
        new YamlPropertySourceLoader()
            .load("application", new ByteArrayResource(text.getBytes(UTF_8), "application.yml"))
            .forEach(context.getEnvironment().getPropertySources()::addFirst);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    });
  }

  /** {@return a started application with all that is on the class path} */
  static ConfigurableApplicationContext started(Class<?> application, String... properties) {
    SpringApplication app = new SpringApplication(application);
    app.setWebApplicationType(WebApplicationType.NONE);
    app.setRegisterShutdownHook(false);
    List<String> arguments = new ArrayList<>(List.of("--spring.main.banner-mode=off"));
    for (String property : properties) {
      arguments.add("--" + property);
    }
    return app.run(arguments.toArray(String[]::new));
  }

  /** An application without beans of its own. */
  @Configuration(proxyBeanMethods = false)
  @EnableAutoConfiguration
  static class Plain {}

  /** An application with a registry of meters. */
  @Configuration(proxyBeanMethods = false)
  static class Metered {
    @Bean
    MeterRegistry registry() {
      return new SimpleMeterRegistry();
    }
  }
}
