package io.fairlead.sagemaker;

import io.fairlead.contract.OptionsContract;

class SageMakerOptionsContractTest extends OptionsContract {
  SageMakerOptionsContractTest() {
    super(new SageMakerOptionsProvider());
  }
}
