package io.fairlead.vertex;

import io.fairlead.contract.OptionsContract;
import io.fairlead.vertex.internal.VertexOptionsProvider;

class VertexOptionsContractTest extends OptionsContract {
  VertexOptionsContractTest() {
    super(new VertexOptionsProvider());
  }
}
