package io.fairlead.reconcile;

import io.fairlead.contract.EndpointPlatformContract;
import io.fairlead.contract.EndpointPlatformContract.Place;
import io.fairlead.contract.Faults;
import io.fairlead.contract.VirtualTime;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.Scaling;
import io.fairlead.platform.Capabilities;
import io.fairlead.platform.Capability;
import io.fairlead.platform.EndpointPlatform;
import io.fairlead.platform.Request;
import io.fairlead.reconcile.MemoryCloud.Way;
import java.net.URI;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Nested;

/** The contract on clouds of every way, each way alone and the likely ones together. */
class MemoryCloudContractTest {
  private abstract static class OnMemory extends EndpointPlatformContract {
    private final Way[] ways;

    OnMemory(Way... ways) {
      this.ways = ways;
    }

    @Override
    protected Place newPlace() {
      return newPlace(false);
    }

    @Override
    protected Place newPlaceOfOneCaller() {
      return newPlace(true);
    }

    private Place newPlace(boolean hasOneCaller) {
      VirtualTime time = new VirtualTime();
      return new ACloud(time, new MemoryCloud(time, ways), hasOneCaller);
    }

    @Override
    protected boolean hasWire() {
      return false;
    }

    @Override
    protected Capabilities capabilities() {
      return Capabilities.of(EndpointPlatform.class)
          .with(
              Capability.PINNED_REQUESTS,
              Capability.AUTOSCALING,
              Capability.SCALE_TO_ZERO,
              Capability.INSTANCE_TYPE,
              Capability.IMAGE,
              Capability.ENVIRONMENT,
              Capability.LOCAL_FILES,
              Capability.UPLOAD,
              Capability.HUGGING_FACE);
    }

    @Override
    protected ModelArtifact artifact() {
      return ModelArtifact.of(URI.create("mem:one"));
    }

    @Override
    protected ModelArtifact otherArtifact() {
      return ModelArtifact.of(URI.create("mem:two"));
    }

    @Override
    protected Scaling scaling(int count) {
      return new Scaling(Optional.of("small"), count, 1, 9, io.fairlead.grammar.Options.none());
    }

    @Override
    protected Request request() {
      return Request.json("{}");
    }
  }

  private record ACloud(VirtualTime time, MemoryCloud cloud, boolean hasOneCaller)
      implements Place {
    @Override
    public EndpointPlatform open(Faults faults) {
      return hasOneCaller ? cloud.open(faults) : cloud.open(faults, builder -> builder);
    }

    @Override
    public Set<String> remains() {
      return cloud.remains();
    }

    @Override
    public Optional<Place> copy() {
      VirtualTime then = time.copy();
      return Optional.of(new ACloud(then, cloud.copy(then), true));
    }

    @Override
    public Optional<Object> state() {
      return Optional.of(cloud.state());
    }

    @Override
    public void pass(Duration passed) {
      time.pass(passed);
    }

    @Override
    public void close() {}
  }

  /**
   * A cloud of one way or none. What it does, those below do too, among other things: here the operations are broken
   * that make everything and remove everything, in which what fails is what this way alone brings.
   */
  private abstract static class OfOneWay extends OnMemory {
    OfOneWay(Way... way) {
      super(way);
    }

    @Override
    protected Set<Deed> broken() {
      return Set.of(Deed.DEPLOY, Deed.UNDEPLOY_ALL);
    }
  }

  @Nested
  class ThatDoesAllAtOnce extends OfOneWay {}

  @Nested
  class ThatIsPolled extends OfOneWay {
    ThatIsPolled() {
      super(Way.POLLED);
    }
  }

  @Nested
  class ThatHasOperations extends OfOneWay {
    ThatHasOperations() {
      super(Way.OPERATIONS);
    }
  }

  @Nested
  class ThatShowsChangesLate extends OfOneWay {
    ThatShowsChangesLate() {
      super(Way.EVENTUAL);
    }
  }

  /** As one cloud does it: polled things, no revisions, changes that show late, silent rollbacks. */
  @Nested
  class ThatIsPolledLateAndSilent extends OnMemory {
    ThatIsPolledLateAndSilent() {
      super(Way.POLLED, Way.EVENTUAL, Way.SILENT);
    }
  }

  /** As another does it: operations, revisions, names that come back longer. */
  @Nested
  class ThatHasOperationsRevisionsAndOtherNames extends OnMemory {
    ThatHasOperationsRevisionsAndOtherNames() {
      super(Way.OPERATIONS, Way.REVISIONS, Way.RENAMING);
    }
  }

  /** A cloud that cancels operations for reasons of its own, and says when it wants to be asked about them. */
  @Nested
  class ThatCancelsOperationsAndIsPatient extends OfOneWay {
    ThatCancelsOperationsAndIsPatient() {
      super(Way.OPERATIONS, Way.CANCELLING, Way.PATIENT);
    }
  }

  @Nested
  class ThatHasEveryWay extends OnMemory {
    ThatHasEveryWay() {
      super(Way.values());
    }
  }
}
