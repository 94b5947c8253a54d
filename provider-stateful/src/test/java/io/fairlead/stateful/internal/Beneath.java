package io.fairlead.stateful.internal;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.fairlead.engine.ModelHandler;
import io.fairlead.grammar.CachingPolicy;
import io.fairlead.grammar.CachingPolicy.Eviction;
import io.fairlead.grammar.CachingPolicy.Strategy;
import io.fairlead.grammar.Container;
import io.fairlead.grammar.Dependencies;
import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.Routing;
import io.fairlead.grammar.RuntimeSpec;
import io.fairlead.grammar.Scaling;
import io.fairlead.grammar.StatePolicy;
import io.fairlead.grammar.UpdateStrategy;
import io.fairlead.local.LocalConfig;
import io.fairlead.local.LocalProvider;
import io.fairlead.operation.Operation;
import io.fairlead.platform.EndpointPlatform;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import io.fairlead.stateful.CacheAnswer;
import io.fairlead.stateful.CachingPlatform;
import io.fairlead.stateful.Hosting;
import io.fairlead.stateful.StatefulConfig;
import io.fairlead.stateful.StatefulModel;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** The platform beneath, with two models in this JVM, and what tests do with it. */
final class Beneath implements AutoCloseable {
  static final Duration LIMIT = Duration.ofSeconds(30);
  static final Hosting HOSTING = Hosting.of(RuntimeSpec.NONE, Dependencies.NONE, Scaling.fixed(8));

  final EchoModel one = new EchoModel("one");
  final EchoModel two = new EchoModel("two");
  final EndpointPlatform local;
  private final List<CachingPlatform> opened = new ArrayList<>();

  Beneath() {
    this("three", request -> Response.json("3"));
  }

  Beneath(String other, ModelHandler handler) {
    local = new LocalProvider()
        .open(LocalConfig.DEFAULT
            .withFunction("one", one)
            .withFunction("two", two)
            .withFunction(other, handler));
  }

  CachingPlatform open() {
    return open(StatefulConfig.DEFAULT);
  }

  CachingPlatform open(StatefulConfig config) {
    return open(local, config, StateClock.system("stateful"));
  }

  CachingPlatform open(StatefulConfig config, StateClock clock) {
    return open(local, config, clock);
  }

  CachingPlatform open(EndpointPlatform platform, StatefulConfig config, StateClock clock) {
    CachingPlatform stateful = Wrapping.over(platform, config.withHosting(HOSTING), false, clock);
    opened.add(stateful);
    return stateful;
  }

  static ModelArtifact model(String name) {
    return ModelArtifact.of(URI.create("java:" + name))
        .named("echo")
        .with(StatefulModel.DETERMINISTIC);
  }

  Endpoint deploy(String model, String variant) {
    Container container =
        await(local.packageModel(model(model), RuntimeSpec.NONE, Dependencies.NONE));
    return await(local.deploy(container, Scaling.fixed(8), new Routing("echo", variant)));
  }

  static StatePolicy policy(Eviction eviction) {
    return new StatePolicy(
        new CachingPolicy(Strategy.EXACT, 1 << 20, eviction),
        new UpdateStrategy(UpdateStrategy.Type.INCREMENTAL, Duration.ofMinutes(5), false));
  }

  static StatePolicy predictive() {
    return new StatePolicy(
        new CachingPolicy(Strategy.PREDICTIVE, 1 << 20, Eviction.LRU),
        new UpdateStrategy(UpdateStrategy.Type.INCREMENTAL, Duration.ofMinutes(5), true));
  }

  static <T> T await(Operation<T> operation) {
    return operation.await(LIMIT);
  }

  static CacheAnswer told(Response response) {
    return response.find(CacheAnswer.class).orElseThrow();
  }

  static CacheAnswer.Source source(Response response) {
    return told(response).source();
  }

  static Request ask(String text) {
    return Request.of(text.getBytes(UTF_8), "text/plain");
  }

  @Override
  public void close() {
    opened.forEach(CachingPlatform::close);
    local.close();
  }
}
