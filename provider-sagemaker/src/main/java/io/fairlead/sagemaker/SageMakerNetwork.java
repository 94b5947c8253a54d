package io.fairlead.sagemaker;

import io.fairlead.grammar.Problems;
import io.fairlead.grammar.RuntimeOptions;
import java.util.List;

/**
 * The network that a container runs in, for {@link io.fairlead.grammar.RuntimeSpec#with}.
 *
 * @param isolated whether the container has no network access, not even to S3: its image and its model have to
 *     contain all that it needs
 * @param subnets the ids of 1 to 16 subnets of a VPC; empty for no VPC
 * @param securityGroups the ids of 1 to 5 security groups of that VPC; empty without subnets
 */
public record SageMakerNetwork(boolean isolated, List<String> subnets, List<String> securityGroups)
    implements RuntimeOptions {
  /** No VPC, and no isolation. */
  public static final SageMakerNetwork OPEN = new SageMakerNetwork(false, List.of(), List.of());

  private static final int MOST_SUBNETS = 16;
  private static final int MOST_SECURITY_GROUPS = 5;

  public SageMakerNetwork {
    subnets = subnets.stream().sorted().toList();
    securityGroups = securityGroups.stream().sorted().toList();
    Problems.in("SageMakerNetwork")
        .check(
            subnets.size() <= MOST_SUBNETS, "subnets", "must be at most " + MOST_SUBNETS, subnets)
        .check(
            securityGroups.size() <= MOST_SECURITY_GROUPS,
            "securityGroups",
            "must be at most " + MOST_SECURITY_GROUPS,
            securityGroups)
        .check(
            subnets.isEmpty() == securityGroups.isEmpty(),
            "securityGroups",
            "must be given with subnets, and only then",
            securityGroups)
        .check(areIds(subnets), "subnets", "must be ids, such as subnet-0a1b", subnets)
        .check(
            areIds(securityGroups),
            "securityGroups",
            "must be ids, such as sg-0a1b",
            securityGroups)
        .throwIfAny();
  }

  private static boolean areIds(List<String> ids) {
    return ids.stream().allMatch(id -> id.matches("[-0-9a-zA-Z]{1,32}"));
  }

  /** {@return isolation: no network access, and no VPC} */
  public static SageMakerNetwork isolation() {
    return new SageMakerNetwork(true, List.of(), List.of());
  }

  /** {@return a VPC's network} */
  public static SageMakerNetwork vpc(List<String> subnets, List<String> securityGroups) {
    return new SageMakerNetwork(false, subnets, securityGroups);
  }

  @Override
  public String platform() {
    return SageMakerProvider.ID;
  }
}
