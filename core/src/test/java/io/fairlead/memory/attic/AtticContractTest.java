package io.fairlead.memory.attic;

import io.fairlead.contract.EndpointPlatformContract;
import io.fairlead.contract.Faults;
import io.fairlead.contract.VirtualTime;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.Options;
import io.fairlead.grammar.RuntimeSpec;
import io.fairlead.grammar.Scaling;
import io.fairlead.platform.Capabilities;
import io.fairlead.platform.EndpointPlatform;
import io.fairlead.platform.Request;
import java.net.URI;
import java.time.Duration;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;

// guide: contract
class AtticContractTest extends EndpointPlatformContract {
  @Override
  protected Place newPlace() {
    VirtualTime time = new VirtualTime();
    return new ThisAttic(time, new Attic(time, "here", Duration.ofSeconds(30)));
  }

  @Override
  protected Capabilities capabilities() {
    return new AtticProvider().capabilities();
  }

  @Override
  protected ModelArtifact artifact() {
    return ModelArtifact.of(URI.create("attic:one"));
  }

  @Override
  protected ModelArtifact otherArtifact() {
    return ModelArtifact.of(URI.create("attic:two"));
  }

  @Override
  protected RuntimeSpec runtime() {
    return RuntimeSpec.NONE.with(new AtticRuntime("server"));
  }

  @Override
  protected Scaling scaling(int count) {
    return new Scaling(Optional.of("small"), count, 1, 9, Options.none());
  }

  @Override
  protected Request request() {
    return Request.json("{}");
  }

  @Override
  protected boolean hasWire() {
    return false;
  }

  private record ThisAttic(VirtualTime time, Attic attic) implements Place {
    @Override
    public EndpointPlatform open(Faults faults) {
      AtticKinds broken = AtticKinds.of(attic).around(faults);
      return AtticProvider.open(broken, attic, time, new Random(1), () -> {});
    }

    @Override
    public Set<String> remains() {
      return new TreeSet<>(attic.everything());
    }

    @Override
    public Optional<Place> copy() {
      VirtualTime then = time.copy();
      return Optional.of(new ThisAttic(then, attic.copy(then)));
    }

    @Override
    public void pass(Duration passed) {
      time.pass(passed);
    }

    @Override
    public void close() {}
  }
}
// guide end
