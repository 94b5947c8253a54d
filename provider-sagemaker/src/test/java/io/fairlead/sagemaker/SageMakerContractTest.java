package io.fairlead.sagemaker;

import io.fairlead.contract.EndpointPlatformContract;
import io.fairlead.contract.VirtualTime;
import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.Options;
import io.fairlead.grammar.RuntimeSpec;
import io.fairlead.grammar.Scaling;
import io.fairlead.platform.Capability;
import io.fairlead.platform.Request;
import java.net.URI;
import java.time.Duration;
import java.util.Optional;

/** The whole contract, each remote call of which is a request of the AWS SDK to a stand-in of AWS. */
class SageMakerContractTest extends EndpointPlatformContract {
  /** Every change takes several looks, and no more of them than it takes to break each once. */
  @Override
  protected Place newPlace() {
    return new Aws(new VirtualTime()).changesTake(Duration.ofSeconds(8));
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
  protected String otherInstanceType() {
    return "ml.m5.xlarge";
  }

  @Override
  protected Endpoint onCondition(Capability capability, Endpoint endpoint) {
    return capability == Capability.SCALE_TO_ZERO
        ? new Endpoint(
            endpoint.container(),
            endpoint.scaling().with(SageMakerComponent.on("shared", 512)),
            endpoint.routing())
        : endpoint;
  }

  @Override
  protected Request request() {
    return Request.json("{\"inputs\":\"hello\"}");
  }
}
