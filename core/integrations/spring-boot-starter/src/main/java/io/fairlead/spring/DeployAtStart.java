package io.fairlead.spring;

import io.fairlead.error.ServingException;
import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.ModelFunction;
import io.fairlead.operation.Operation;
import io.fairlead.platform.EndpointPlatform;
import io.fairlead.platform.FunctionPlatform;
import io.fairlead.spring.FairleadProperties.StartProperties;
import io.fairlead.spring.FairleadProperties.StartProperties.OnFailure;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.BeanFactory;
import org.springframework.boot.ApplicationArguments;
import org.springframework.boot.ApplicationRunner;
import org.springframework.core.Ordered;

/**
 * Deploys at start what is configured so, and nothing else.
 *
 * <p>Spring Boot publishes that the application accepts traffic when its runners have ended: until then it is not
 * ready.
 */
final class DeployAtStart implements ApplicationRunner, Ordered {
  private static final Logger LOG = LoggerFactory.getLogger(DeployAtStart.class);

  private final List<Declared<?>> declared;
  private final StartProperties properties;
  private final BeanFactory beans;
  /** By name: empty while it is being deployed, or why it could not be; without those that are deployed. */
  private final Map<String, Optional<String>> open = new ConcurrentHashMap<>();

  DeployAtStart(List<Declared<?>> declared, StartProperties properties, BeanFactory beans) {
    this.declared = declared.stream().filter(Declared::deployAtStart).toList();
    this.properties = properties;
    this.beans = beans;
    this.declared.forEach(each -> open.put(each.name(), Optional.empty()));
  }

  /** {@return first of all runners: the application's own may invoke what is deployed here} */
  @Override
  public int getOrder() {
    return Ordered.HIGHEST_PRECEDENCE;
  }

  /** {@return whether an endpoint or function is being deployed} */
  boolean isDeploying(String name) {
    Optional<String> state = open.get(name);
    return state != null && state.isEmpty();
  }

  /** {@return why an endpoint or function could not be deployed at start, if it could not} */
  Optional<String> failure(String name) {
    return open.getOrDefault(name, Optional.empty());
  }

  @Override
  public void run(ApplicationArguments arguments) {
    long end = System.nanoTime() + properties.limit().toNanos();
    Map<String, Operation<?>> operations = new LinkedHashMap<>();
    List<RuntimeException> failures = new ArrayList<>();
    List<String> sentences = new ArrayList<>();
    for (Declared<?> each : declared) {
      RuntimeException failure = caught(() -> operations.put(each.name(), deploy(each)));
      note(each, failure, failures, sentences);
    }
    for (Declared<?> each : declared) {
      Operation<?> operation = operations.get(each.name());
      if (operation != null) {
        RuntimeException failure =
            caught(() -> operation.await(Duration.ofNanos(Math.max(0, end - System.nanoTime()))));
        note(each, failure, failures, sentences);
        if (failure == null) {
          open.remove(each.name());
          LOG.info("{} is deployed on {}.", each.name(), each.platform());
        }
      }
    }
    if (!failures.isEmpty() && properties.onFailure() == OnFailure.FAIL) {
      StartFailedException failed = new StartFailedException(sentences, failures.get(0));
      failures.subList(1, failures.size()).forEach(failed::addSuppressed);
      throw failed;
    }
  }

  private void note(
      Declared<?> declared,
      @Nullable RuntimeException failure,
      List<RuntimeException> failures,
      List<String> sentences) {
    if (failure != null) {
      String sentence =
          declared.name() + " could not be deployed at start: " + failure.getMessage();
      failures.add(failure);
      sentences.add(sentence);
      open.put(declared.name(), Optional.of(sentence));
      LOG.error(sentence);
    }
  }

  private static @Nullable RuntimeException caught(Runnable step) {
    try {
      step.run();
      return null;
    } catch (ServingException | IllegalArgumentException e) {
      return e;
    }
  }

  private Operation<?> deploy(Declared<?> declared) {
    Operation<?> operation;
    if (declared.value() instanceof Endpoint endpoint) {
      operation = beans
          .getBean(declared.platform(), EndpointPlatform.class)
          .deploy(endpoint.container(), endpoint.scaling(), endpoint.routing());
    } else if (declared.value() instanceof ModelFunction function) {
      operation = beans
          .getBean(declared.platform(), FunctionPlatform.class)
          .deploy(function.artifact(), function.limits());
    } else {
      throw new IllegalArgumentException(declared.type() + " cannot be deployed at start");
    }
    return operation.onProgress(progress -> LOG.info("{}", progress));
  }
}
