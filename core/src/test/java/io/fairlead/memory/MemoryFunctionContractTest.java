package io.fairlead.memory;

import io.fairlead.contract.FunctionPlatformContract;
import io.fairlead.contract.Probe;
import io.fairlead.contract.VirtualTime;
import io.fairlead.grammar.FunctionLimits;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.memory.MemoryFunctions.Timer;
import io.fairlead.platform.Capabilities;
import io.fairlead.platform.FunctionPlatform;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import java.net.URI;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import org.junit.jupiter.api.Nested;

/** The contract on a clock that tests move, and on this machine's, where what needs the other is skipped. */
class MemoryFunctionContractTest {
  private static URI location(Probe model) {
    return URI.create("mem:" + model.name());
  }

  private static class Here implements FunctionPlatformContract.Place {
    private final Map<URI, Probe> models = new HashMap<>();
    private final Timer timer;

    Here(List<Probe> models, Timer timer) {
      models.forEach(model -> this.models.put(location(model), model));
      this.timer = timer;
    }

    @Override
    public FunctionPlatform open() {
      return MemoryFunctions.open(models, timer);
    }

    @Override
    public ModelArtifact artifact(Probe model) {
      return ModelArtifact.of(location(model));
    }

    @Override
    public Optional<FunctionLimits> impossibleLimits() {
      return Optional.of(limits().withMemoryBytes(MemoryFunctions.MEMORY + 1));
    }

    @Override
    public Optional<BiFunction<URI, Request, Response>> http() {
      return Optional.of(MemoryHttp::ask);
    }

    @Override
    public void close() {}
  }

  // guide: function contract
  @Nested
  class OnAClockThatTestsMove extends FunctionPlatformContract {
    @Override
    protected Capabilities capabilities() {
      return MemoryFunctions.CAPABILITIES;
    }

    @Override
    protected Place newPlace(List<Probe> models) {
      VirtualTime time = new VirtualTime();
      return new Here(models, time::in) {
        @Override
        public Optional<Consumer<Duration>> clock() {
          return Optional.of(time::pass);
        }
      };
    }
  }

  // guide end

  @Nested
  class OnThisMachinesClock extends FunctionPlatformContract {
    @Override
    protected Capabilities capabilities() {
      return MemoryFunctions.CAPABILITIES;
    }

    @Override
    protected Place newPlace(List<Probe> models) {
      return new Here(models, MemoryFunctions.realTimer());
    }
  }
}
