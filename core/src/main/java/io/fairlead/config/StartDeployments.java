package io.fairlead.config;

import io.fairlead.config.StartSettings.OnFailure;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.ModelFunction;
import io.fairlead.operation.Operation;
import io.fairlead.platform.EndpointPlatform;
import io.fairlead.platform.FunctionPlatform;
import io.fairlead.platform.Platform;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Deploys what a configuration declares with {@code deploy-at-start}, all of it at once, and nothing else. */
public final class StartDeployments {
  private static final Logger LOG = LoggerFactory.getLogger(StartDeployments.class);

  private final List<Declared<?>> declared;
  private final StartSettings settings;
  private final Function<String, Platform<?>> platforms;
  /** By name: empty while it is being deployed, or why it could not be; without those that are deployed. */
  private final Map<String, Optional<String>> open = new ConcurrentHashMap<>();

  /**
   * Creates it; nothing is deployed yet.
   *
   * @param platforms gives the open platform of a name
   */
  public StartDeployments(
      List<Declared<?>> declared, StartSettings settings, Function<String, Platform<?>> platforms) {
    this.declared = declared.stream().filter(Declared::deployAtStart).toList();
    this.settings = settings;
    this.platforms = platforms;
    this.declared.forEach(each -> open.put(each.name(), Optional.empty()));
  }

  /** {@return whether an endpoint or function is being deployed} */
  public boolean isDeploying(String name) {
    Optional<String> state = open.get(name);
    return state != null && state.isEmpty();
  }

  /** {@return why an endpoint or function could not be deployed at start, if it could not} */
  public Optional<String> failure(String name) {
    return open.getOrDefault(name, Optional.empty());
  }

  /**
   * Deploys, and waits until all of it has ended.
   *
   * @throws StartFailedException if something could not be deployed and the start fails then
   */
  public void run() {
    long end = System.nanoTime() + settings.limit().toNanos();
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
    if (!failures.isEmpty() && settings.onFailure() == OnFailure.FAIL) {
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
      operation = ((EndpointPlatform) platforms.apply(declared.platform()))
          .deploy(endpoint.container(), endpoint.scaling(), endpoint.routing());
    } else if (declared.value() instanceof ModelFunction function) {
      operation = ((FunctionPlatform) platforms.apply(declared.platform()))
          .deploy(function.artifact(), function.limits());
    } else {
      throw new IllegalArgumentException(declared.type() + " cannot be deployed at start");
    }
    return operation.onProgress(progress -> LOG.info("{}", progress));
  }
}
