package io.fairlead.serverless;

import io.fairlead.contract.OptionsContract;

class ServerlessOptionsContractTest extends OptionsContract {
  ServerlessOptionsContractTest() {
    super(new ServerlessOptionsProvider());
  }
}
