package io.fairlead.sagemaker;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.fairlead.contract.EndpointPlatformContract;
import io.fairlead.contract.Faults;
import io.fairlead.contract.VirtualTime;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.Options;
import io.fairlead.grammar.RuntimeSpec;
import io.fairlead.grammar.Scaling;
import io.fairlead.platform.EndpointPlatform;
import io.fairlead.platform.Request;
import io.fairlead.sagemaker.standin.Held;
import java.net.URI;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/** The whole contract, each remote call of which goes over HTTP to a stand-in of AWS. */
class SageMakerContractTest extends EndpointPlatformContract {
  @Override
  protected Place newPlace() {
    return new AnAccount();
  }

  @Override
  protected ModelArtifact artifact() {
    return ModelArtifact.of(URI.create("s3://models/one/model.tar.gz"));
  }

  @Override
  protected ModelArtifact otherArtifact() {
    return ModelArtifact.of(URI.create("s3://models/two/model.tar.gz"));
  }

  @Override
  protected RuntimeSpec runtime() {
    return RuntimeSpec.of(Aws.IMAGE);
  }

  /** Fixed, as most are; what scales by load has tests of its own. */
  @Override
  protected Scaling scaling(int count) {
    return new Scaling(Optional.of("ml.m5.large"), count, count, count, Options.none());
  }

  @Override
  protected Request request() {
    return Request.json("{\"inputs\":\"hello\"}");
  }

  @Override
  protected boolean uploads() {
    return true;
  }

  private static final class AnAccount implements Place {
    private final Aws aws = new Aws(new VirtualTime());

    /** Every change takes several looks, and no more of them than it takes to break each once. */
    AnAccount() {
      Duration some = Duration.ofSeconds(8);
      aws.account().durations(some, some, some, some);
    }

    @Override
    public EndpointPlatform open(Faults faults) {
      return aws.open(faults);
    }

    @Override
    public Set<String> remains() {
      return aws.remains();
    }

    @Override
    public void pass(Duration time) {
      aws.time().pass(time);
    }

    @Override
    public Optional<Streams> streams() {
      return Optional.of(new InParts(aws));
    }

    @Override
    public void close() {
      aws.close();
    }
  }

  private record InParts(Aws aws) implements Streams {
    @Override
    public void answerWith(List<String> pieces) {
      aws.account()
          .streamInParts(pieces.stream().map(piece -> piece.getBytes(UTF_8)).toList());
    }

    @Override
    public void breakNext() {
      aws.account().breakNextStream("ModelInvocationTimeExceeded", "it took too long");
    }

    @Override
    public Hold holdNext() {
      Held held = aws.account().holdNextInvocation();
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
      return Collections.frequency(aws.account().calls(), "InvokeEndpointWithResponseStream");
    }

    @Override
    public Optional<Consumer<Duration>> clock() {
      return Optional.of(aws.time()::pass);
    }
  }
}
