package io.fairlead.vertex;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.fairlead.contract.EndpointPlatformContract;
import io.fairlead.contract.Faults;
import io.fairlead.contract.VirtualTime;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.RuntimeSpec;
import io.fairlead.grammar.Scaling;
import io.fairlead.platform.EndpointPlatform;
import io.fairlead.platform.Request;
import io.fairlead.vertex.standin.Held;
import io.grpc.Status.Code;
import java.net.URI;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/** The whole contract, each remote call of which goes over gRPC to a stand-in of Vertex AI. */
class VertexContractTest extends EndpointPlatformContract {
  @Override
  protected Place newPlace() {
    return new AProject();
  }

  @Override
  protected ModelArtifact artifact() {
    return ModelArtifact.of(URI.create("gs://models/one/"));
  }

  @Override
  protected ModelArtifact otherArtifact() {
    return ModelArtifact.of(URI.create("gs://models/two/"));
  }

  @Override
  protected RuntimeSpec runtime() {
    return RuntimeSpec.of(Gcp.IMAGE);
  }

  @Override
  protected Scaling scaling(int count) {
    return Scaling.fixed("n1-standard-4", count);
  }

  @Override
  protected Request request() {
    return Request.json("{\"instances\":[\"hello\"]}");
  }

  @Override
  protected boolean uploads() {
    return true;
  }

  @Override
  protected boolean canPin() {
    return false;
  }

  private static final class AProject implements Place {
    private final Gcp gcp = new Gcp(new VirtualTime()).fast();

    @Override
    public EndpointPlatform open(Faults faults) {
      return gcp.open(faults);
    }

    @Override
    public Set<String> remains() {
      return gcp.remains();
    }

    @Override
    public Optional<Streams> streams() {
      return Optional.of(new InParts(gcp));
    }

    @Override
    public void pass(Duration time) {
      gcp.time().pass(time);
    }

    @Override
    public void close() {
      gcp.close();
    }
  }

  private record InParts(Gcp gcp) implements Streams {
    @Override
    public void answerWith(List<String> pieces) {
      gcp.project()
          .streamInParts(pieces.stream().map(piece -> piece.getBytes(UTF_8)).toList());
    }

    @Override
    public void breakNext() {
      gcp.project().breakNextStream(Code.INTERNAL, "worker lost");
    }

    @Override
    public Hold holdNext() {
      Held held = gcp.project().holdPrediction();
      return new Hold() {
        @Override
        public void awaitArrival() {
          held.awaitArrival();
        }

        @Override
        public void release() {
          held.release();
        }
      };
    }

    @Override
    public int asked() {
      return Collections.frequency(gcp.project().calls(), "StreamRawPredict");
    }

    @Override
    public Optional<Consumer<Duration>> clock() {
      return Optional.of(gcp.time()::pass);
    }
  }
}
