package io.fairlead.vertex;

import io.fairlead.grammar.RuntimeSpec;
import io.fairlead.platform.Capability;
import io.fairlead.platform.Request;
import java.util.EnumSet;
import java.util.Set;

/** The contract for containers of which any path can be invoked, where requests can be pinned. */
class VertexInvokeRoutesContractTest extends VertexContractTest {
  @Override
  protected RuntimeSpec runtime() {
    return RuntimeSpec.of(Gcp.IMAGE).with(VertexContainer.DEFAULT.withInvokeRoutes());
  }

  @Override
  protected Request request() {
    return super.request().withPath("/v1/chat/completions");
  }

  @Override
  protected boolean meetsConditionOf(Capability capability) {
    return true;
  }

  /** The calls of the control plane are those of other containers. */
  @Override
  protected Set<Deed> broken() {
    return EnumSet.of(Deed.DEPLOY);
  }
}
