package io.fairlead.sagemaker;

import static java.util.Objects.requireNonNull;

import io.fairlead.grammar.Problems;
import io.fairlead.grammar.ScalingOptions;
import io.fairlead.sagemaker.internal.rules.RequestRules;

/**
 * A model that shares the instances of a fleet with others, which AWS calls an inference component, for {@link
 * io.fairlead.grammar.Scaling#with}.
 *
 * <p>The scaling's instance type is the fleet's, and its count is the number of copies of the model, each of which takes as
 * much of an instance as is said here. The fleet is made with the first component on it, and goes with the last.
 *
 * <p>Requests to a public name have nowhere else to go: AWS has no weights among components, so a name that is served by
 * one has no other variant.
 *
 * @param fleet the fleet's name, 1 to 63 letters, digits and hyphens; components of several public names may have it in
 *     common
 * @param fleetInstances how many instances the fleet has at least, 1 or more; one that has more keeps them
 * @param cpus how many CPU cores each copy takes, 0.25 or more; 0 to leave that open
 * @param memoryMb how much memory each copy takes in MB, 128 or more
 * @param accelerators how many GPUs or other accelerators each copy takes; 0 for none
 */
public record SageMakerComponent(
    String fleet, int fleetInstances, double cpus, int memoryMb, int accelerators)
    implements ScalingOptions {
  private static final double LEAST_CPUS = 0.25;
  private static final int LEAST_MEMORY = 128;

  public SageMakerComponent {
    requireNonNull(fleet, "fleet");
    Problems.in("SageMakerComponent")
        .check(
            !fleet.isEmpty() && RequestRules.isResourceName(fleet),
            "fleet",
            "must be 1 to 63 letters, digits and hyphens that begin and end with a letter or digit",
            fleet)
        .check(fleetInstances >= 1, "fleetInstances", "must be 1 or more", fleetInstances)
        .check(
            cpus == 0 || (cpus >= LEAST_CPUS && Double.isFinite(cpus)),
            "cpus",
            "must be " + LEAST_CPUS + " or more, or 0",
            cpus)
        .check(
            memoryMb >= LEAST_MEMORY, "memoryMb", "must be " + LEAST_MEMORY + " or more", memoryMb)
        .check(accelerators >= 0, "accelerators", "must be 0 or more", accelerators)
        .throwIfAny();
  }

  /** {@return a component on a fleet of one instance or more, that takes memory and leaves its CPU cores open} */
  public static SageMakerComponent on(String fleet, int memoryMb) {
    return new SageMakerComponent(fleet, 1, 0, memoryMb, 0);
  }

  public SageMakerComponent withFleetInstances(int newFleetInstances) {
    return new SageMakerComponent(fleet, newFleetInstances, cpus, memoryMb, accelerators);
  }

  public SageMakerComponent withCpus(double newCpus) {
    return new SageMakerComponent(fleet, fleetInstances, newCpus, memoryMb, accelerators);
  }

  public SageMakerComponent withAccelerators(int newAccelerators) {
    return new SageMakerComponent(fleet, fleetInstances, cpus, memoryMb, newAccelerators);
  }

  @Override
  public String platform() {
    return SageMakerProvider.ID;
  }
}
