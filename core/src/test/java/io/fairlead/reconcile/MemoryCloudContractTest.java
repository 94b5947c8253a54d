package io.fairlead.reconcile;

import io.fairlead.contract.EndpointPlatformContract;
import io.fairlead.contract.Faults;
import io.fairlead.contract.VirtualTime;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.Scaling;
import io.fairlead.platform.EndpointPlatform;
import io.fairlead.platform.Request;
import io.fairlead.reconcile.MemoryCloud.Way;
import java.net.URI;
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
      MemoryCloud cloud = new MemoryCloud(new VirtualTime(), ways);
      return new Place() {
        @Override
        public EndpointPlatform open(Faults faults) {
          return cloud.open(faults, builder -> builder);
        }

        @Override
        public Set<String> remains() {
          return cloud.remains();
        }

        @Override
        public void close() {}
      };
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
      return new Scaling("small", count, 1, 9, io.fairlead.grammar.Options.NONE);
    }

    @Override
    protected Request request() {
      return Request.json("{}");
    }
  }

  @Nested
  class ThatDoesAllAtOnce extends OnMemory {}

  @Nested
  class ThatIsPolled extends OnMemory {
    ThatIsPolled() {
      super(Way.POLLED);
    }
  }

  @Nested
  class ThatHasOperations extends OnMemory {
    ThatHasOperations() {
      super(Way.OPERATIONS);
    }
  }

  @Nested
  class ThatShowsChangesLate extends OnMemory {
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

  @Nested
  class ThatHasEveryWay extends OnMemory {
    ThatHasEveryWay() {
      super(Way.values());
    }
  }
}
