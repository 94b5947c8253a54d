package io.fairlead.memory;

import io.fairlead.contract.Probe;
import io.fairlead.contract.StatefulPlatformContract;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.platform.StatefulPlatform;
import java.net.URI;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Collectors;

class MemoryStatefulContractTest extends StatefulPlatformContract {
  @Override
  protected Place newPlace(List<Probe> models) {
    return new Place() {
      @Override
      public StatefulPlatform open() {
        return new MemoryStatefulPlatform(models.stream()
            .collect(Collectors.toMap(MemoryStatefulContractTest::location, Function.identity())));
      }

      @Override
      public ModelArtifact artifact(Probe model) {
        return ModelArtifact.of(location(model));
      }

      @Override
      public void close() {}
    };
  }

  private static URI location(Probe model) {
    return URI.create("mem:" + model.name());
  }
}
