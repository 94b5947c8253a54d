package io.fairlead.local.internal;

import io.fairlead.contract.EndpointPlatformContract;
import io.fairlead.contract.Faults;
import io.fairlead.contract.VirtualTime;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.Scaling;
import io.fairlead.local.LocalConfig;
import io.fairlead.platform.EndpointPlatform;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import io.fairlead.reconcile.Listed;
import io.fairlead.reconcile.Look;
import io.fairlead.reconcile.ResourceKind;
import java.net.URI;
import java.util.Set;
import java.util.TreeSet;

class LocalContractTest extends EndpointPlatformContract {
  @Override
  protected Place newPlace() {
    return new ThisJvm();
  }

  @Override
  protected ModelArtifact artifact() {
    return ModelArtifact.of(URI.create("java:one"));
  }

  @Override
  protected ModelArtifact otherArtifact() {
    return ModelArtifact.of(URI.create("java:two"));
  }

  @Override
  protected Scaling scaling(int count) {
    return Scaling.fixed(count);
  }

  @Override
  protected Request request() {
    return Request.json("{}");
  }

  private static final class ThisJvm implements Place {
    private final LocalHost host = new LocalHost(
        LocalConfig.DEFAULT
            .withFunction("one", request -> Response.json("1"))
            .withFunction("two", request -> Response.json("2")),
        new VirtualTime());

    @Override
    public EndpointPlatform open(Faults faults) {
      LocalKinds kinds = host.kinds();
      return host.open(
          new LocalKinds(
              faults.around(kinds.model()),
              faults.around(kinds.endpoint()),
              faults.around(kinds.variant()),
              faults.around(kinds.traffic())),
          () -> {});
    }

    @Override
    public Set<String> remains() {
      Set<String> names = new TreeSet<>();
      for (ResourceKind<?> kind : host.kinds().all()) {
        kind.list(new Look()).stream().map(Listed::ref).forEach(ref -> names.add(ref.toString()));
      }
      return names;
    }

    @Override
    public void close() {
      host.close();
    }
  }
}
