package io.fairlead.azureml;

import io.fairlead.contract.OptionsContract;

class AzureMlOptionsContractTest extends OptionsContract {
  AzureMlOptionsContractTest() {
    super(new AzureMlOptionsProvider());
  }
}
