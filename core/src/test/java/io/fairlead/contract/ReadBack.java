package io.fairlead.contract;

import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.grammar.Endpoint;
import io.fairlead.operation.Plan;
import io.fairlead.platform.Description;
import io.fairlead.platform.EndpointPlatform;
import java.time.Duration;

/** The check that what is deployed can be read back. */
public final class ReadBack {
  private static final Duration LIMIT = Duration.ofMinutes(1);

  private ReadBack() {}

  /**
   * Asserts that the value that a platform describes, deployed, changes nothing.
   *
   * @return the value
   */
  public static Endpoint assertChangesNothing(
      EndpointPlatform platform, String name, String variant) {
    Endpoint there =
        platform.describe(name, variant, LIMIT).flatMap(Description::value).orElseThrow();
    Plan plan =
        platform.preview(p -> p.deploy(there.container(), there.scaling(), there.routing()));
    assertThat(plan.isEmpty()).as("%s is %n%s", there, plan).isTrue();
    return there;
  }
}
