package io.fairlead.stateful.internal;

import io.fairlead.contract.Probe;
import io.fairlead.contract.StatefulPlatformContract;
import io.fairlead.engine.ModelHandler;
import io.fairlead.grammar.Container;
import io.fairlead.grammar.Dependencies;
import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.FunctionLimits;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.ModelFunction;
import io.fairlead.grammar.Routing;
import io.fairlead.grammar.RuntimeSpec;
import io.fairlead.grammar.Scaling;
import io.fairlead.grammar.Served;
import io.fairlead.grammar.TrafficWeight;
import io.fairlead.platform.EndpointPlatform;
import io.fairlead.platform.FunctionPlatform;
import io.fairlead.platform.Platforms;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import io.fairlead.platform.StatefulPlatform;
import io.fairlead.stateful.Hosting;
import io.fairlead.stateful.Stateful;
import io.fairlead.stateful.StatefulModel;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.Nested;

/** The contract over the platforms of this JVM, as endpoints and as functions. */
class StatefulContractTest {
  private static final Map<String, Probe> PROBES = new ConcurrentHashMap<>();
  private static final Duration LIMIT = Duration.ofSeconds(30);

  /** A model that is loaded when it is made. */
  public abstract static class ProbeHandler implements ModelHandler, AutoCloseable {
    private final Probe probe;

    ProbeHandler(String name) throws InterruptedException {
      this.probe = PROBES.get(name);
      probe.load();
    }

    @Override
    public Response handle(Request request) throws InterruptedException {
      return probe.answer(request);
    }

    @Override
    public void close() {
      probe.unload();
    }
  }

  /** The probe of that name. */
  public static final class One extends ProbeHandler {
    /** Loads it. */
    public One() throws InterruptedException {
      super("one");
    }
  }

  /** The probe of that name. */
  public static final class Two extends ProbeHandler {
    /** Loads it. */
    public Two() throws InterruptedException {
      super("two");
    }
  }

  private static ModelArtifact probe(Probe model) {
    Class<?> type = model.name().equals("one") ? One.class : Two.class;
    return ModelArtifact.of(URI.create("java:" + type.getName())).with(StatefulModel.DETERMINISTIC);
  }

  @Nested
  class OverEndpoints extends StatefulPlatformContract {
    @Override
    protected Place newPlace(List<Probe> models) {
      models.forEach(model -> PROBES.put(model.name(), model));
      return new Place() {
        private final EndpointPlatform local = Platforms.open("local", EndpointPlatform.class);

        @Override
        public StatefulPlatform open() {
          return Stateful.over(
              local, Hosting.of(RuntimeSpec.NONE, Dependencies.NONE, Scaling.fixed(8)));
        }

        @Override
        public ModelArtifact artifact(Probe model) {
          return probe(model);
        }

        @Override
        public Optional<Served> served(Probe model) {
          return Optional.of(deploy(model, new Routing("beneath", "only")));
        }

        @Override
        public Optional<Served> divided(Probe first, Probe second, int percent) {
          Endpoint blue = deploy(first, new Routing("beneath", "blue"));
          Endpoint green = deploy(second, new Routing("beneath", "green"));
          local.route(blue.at(0), green.at(0), TrafficWeight.percent(percent)).await(LIMIT);
          return Optional.of(blue);
        }

        private Endpoint deploy(Probe model, Routing routing) {
          Container container = local
              .packageModel(probe(model), RuntimeSpec.NONE, Dependencies.NONE)
              .await(LIMIT);
          return local.deploy(container, Scaling.fixed(4), routing).await(LIMIT);
        }

        @Override
        public Response beneath(Served served, Request request) {
          return local.invoke((Endpoint) served, request);
        }

        @Override
        public void close() {
          local.close();
        }
      };
    }
  }

  @Nested
  class OverFunctions extends StatefulPlatformContract {
    @Override
    protected Place newPlace(List<Probe> models) {
      models.forEach(model -> PROBES.put(model.name(), model));
      return new Place() {
        private final FunctionPlatform functions =
            Platforms.open("serverless", FunctionPlatform.class);

        @Override
        public StatefulPlatform open() {
          return Stateful.over(
              functions, FunctionLimits.DEFAULT.withTimeout(Duration.ofMinutes(10)));
        }

        @Override
        public ModelArtifact artifact(Probe model) {
          return probe(model);
        }

        @Override
        public Optional<Served> served(Probe model) {
          return Optional.of(functions
              .deploy(probe(model).named("beneath"), FunctionLimits.DEFAULT)
              .await(LIMIT));
        }

        @Override
        public Response beneath(Served served, Request request) {
          return functions.invoke((ModelFunction) served, request);
        }

        @Override
        public void close() {
          functions.close();
        }
      };
    }
  }
}
