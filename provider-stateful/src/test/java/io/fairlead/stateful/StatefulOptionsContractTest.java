package io.fairlead.stateful;

import io.fairlead.contract.OptionsContract;
import io.fairlead.stateful.internal.StatefulOptionsProvider;

class StatefulOptionsContractTest extends OptionsContract {
  StatefulOptionsContractTest() {
    super(new StatefulOptionsProvider());
  }
}
