package io.fairlead.spring;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.observation.DefaultMeterObservationHandler;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationHandler;
import io.micrometer.observation.ObservationRegistry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.Logger;
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
  /** Its web server tells of its starts and of failures that a test provokes; held here, else its level is forgotten. */
  private static final Logger TOMCAT = Logger.getLogger("org.apache");

  private Applications() {}

  /** {@return a context with this module's configuration, which runs no runner} */
  static ApplicationContextRunner context(String... properties) {
    return new ApplicationContextRunner()
        .withConfiguration(AutoConfigurations.of(
            FairleadAutoConfiguration.class,
            ObservationsAutoConfiguration.class,
            InfoAutoConfiguration.class,
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
    return started(application, WebApplicationType.NONE, properties);
  }

  /** {@return the same with a web server, at a port of 127.0.0.1 that is free} */
  static ConfigurableApplicationContext serving(Class<?> application, String... properties) {
    TOMCAT.setLevel(Level.OFF);
    List<String> all = new ArrayList<>(List.of("server.port=0", "server.address=127.0.0.1"));
    all.addAll(List.of(properties));
    return started(application, WebApplicationType.SERVLET, all.toArray(String[]::new));
  }

  /** {@return where an application with a web server is} */
  static URI url(ConfigurableApplicationContext context, String path) {
    return URI.create("http://127.0.0.1:"
        + context.getEnvironment().getRequiredProperty("local.server.port") + path);
  }

  private static ConfigurableApplicationContext started(
      Class<?> application, WebApplicationType type, String... properties) {
    SpringApplication app = new SpringApplication(application);
    app.setWebApplicationType(type);
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

  /** An application with a registry of observations, which has timers and spans, as that of the actuator. */
  @Configuration(proxyBeanMethods = false)
  static class Observed {
    @Bean
    MeterRegistry meters() {
      return new SimpleMeterRegistry();
    }

    @Bean
    Spans spans() {
      return new Spans();
    }

    @Bean
    ObservationRegistry observations(MeterRegistry meters, Spans spans) {
      ObservationRegistry observations = ObservationRegistry.create();
      observations
          .observationConfig()
          // Told of ends in reverse order: who waits for a span finds it in the metrics.
          .observationHandler(spans)
          .observationHandler(new DefaultMeterObservationHandler(meters));
      return observations;
    }
  }

  /** What a tracer would see. */
  static final class Spans implements ObservationHandler<Observation.Context> {
    private final BlockingQueue<Observation.Context> ended = new LinkedBlockingQueue<>();

    /**
     * {@return the spans that have ended, once there are so many, by name: an operation's end is told about when its caller
     * has the result, or a moment later}
     */
    List<Observation.Context> ended(int count) throws InterruptedException {
      List<Observation.Context> spans = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        spans.add(requireNonNull(ended.poll(1, TimeUnit.MINUTES), "no further span has ended"));
      }
      assertThat(ended).isEmpty();
      spans.sort(Comparator.comparing(Observation.Context::getContextualName));
      return spans;
    }

    @Override
    public boolean supportsContext(Observation.Context context) {
      return true;
    }

    @Override
    public void onStop(Observation.Context context) {
      ended.add(context);
    }
  }
}
