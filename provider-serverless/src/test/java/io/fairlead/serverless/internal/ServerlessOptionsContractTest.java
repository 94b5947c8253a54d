package io.fairlead.serverless.internal;

import io.fairlead.contract.OptionsContract;

class ServerlessOptionsContractTest extends OptionsContract {
  ServerlessOptionsContractTest() {
    super(new ServerlessOptionsProvider());
  }
}
