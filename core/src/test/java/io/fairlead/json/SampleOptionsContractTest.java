package io.fairlead.json;

import io.fairlead.contract.OptionsContract;

class SampleOptionsContractTest extends OptionsContract {
  SampleOptionsContractTest() {
    super(new TestOptionsProvider());
  }
}
