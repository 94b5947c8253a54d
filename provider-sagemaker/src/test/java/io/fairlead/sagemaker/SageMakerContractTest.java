package io.fairlead.sagemaker;

import io.fairlead.contract.EndpointPlatformContract;
import io.fairlead.contract.Faults;
import io.fairlead.contract.VirtualTime;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.Options;
import io.fairlead.grammar.RuntimeSpec;
import io.fairlead.grammar.Scaling;
import io.fairlead.platform.EndpointPlatform;
import io.fairlead.platform.Request;
import java.net.URI;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;

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
    public void close() {
      aws.close();
    }
  }
}
