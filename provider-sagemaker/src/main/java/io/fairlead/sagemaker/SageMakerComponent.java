package io.fairlead.sagemaker;

import io.fairlead.grammar.Problems;
import io.fairlead.grammar.ScalingOptions;
import io.fairlead.sagemaker.internal.rules.RequestRules;
import io.fairlead.spi.Settings;
import java.util.Optional;

/**
 * An inference component, for {@link io.fairlead.grammar.Scaling#with}: a model that shares the instances of a fleet
 * with other models.
 *
 * <p>The scaling's instance type is the fleet's, and its count is the number of copies of the model. Each copy takes
 * the CPU cores, memory and accelerators given here. The fleet is created with the first component on it, and deleted
 * with the last.
 *
 * <p>A public name that is served by a component has no other variant, because AWS has no traffic weights among
 * components.
 */
public final class SageMakerComponent extends Settings<SageMakerComponent.Draft>
    implements ScalingOptions {
  private static final double LEAST_CPUS = 0.25;
  private static final int LEAST_MEMORY = 128;

  static final class Draft extends Settings.Draft {
    String fleet = "";
    int fleetInstances = 1;
    Optional<Integer> fleetMaxInstances = Optional.empty();
    Optional<Double> cpus = Optional.empty();
    int memoryMb;
    int accelerators;
  }

  private SageMakerComponent(Draft draft) {
    super(draft);
    Problems.in("SageMakerComponent")
        .check(
            !draft.fleet.isEmpty() && RequestRules.isResourceName(draft.fleet),
            "fleet",
            "must be 1 to 63 letters, digits and hyphens that begin and end with a letter or digit",
            draft.fleet)
        .check(
            draft.fleetInstances >= (draft.fleetMaxInstances.isPresent() ? 0 : 1),
            "fleetInstances",
            "must be 1 or more, or 0 or more where SageMaker scales the fleet",
            draft.fleetInstances)
        .check(
            draft
                .fleetMaxInstances
                .filter(most -> most < Math.max(1, draft.fleetInstances))
                .isEmpty(),
            "fleetMaxInstances",
            "must be 1 or more, and not less than fleetInstances",
            draft.fleetMaxInstances.orElse(0))
        .check(
            draft
                .cpus
                .filter(cpus -> !(cpus >= LEAST_CPUS && Double.isFinite(cpus)))
                .isEmpty(),
            "cpus",
            "must be " + LEAST_CPUS + " or more",
            draft.cpus.orElse(0.0))
        .check(
            draft.memoryMb >= LEAST_MEMORY,
            "memoryMb",
            "must be " + LEAST_MEMORY + " or more",
            draft.memoryMb)
        .check(draft.accelerators >= 0, "accelerators", "must be 0 or more", draft.accelerators)
        .throwIfAny();
  }

  /** {@return a component with memory and without a fixed number of CPU cores, on a fleet of one instance or more} */
  public static SageMakerComponent on(String fleet, int memoryMb) {
    Draft draft = new Draft();
    draft.fleet = fleet;
    draft.memoryMb = memoryMb;
    return new SageMakerComponent(draft);
  }

  /**
   * {@return the fleet's name, 1 to 63 letters, digits and hyphens; components of several public names may share it}
   */
  public String fleet() {
    return draft().fleet;
  }

  /**
   * {@return the minimum number of the fleet's instances, 1 or more; 0 is allowed where SageMaker scales the fleet. A
   * fleet that has more keeps them}
   */
  public int fleetInstances() {
    return draft().fleetInstances;
  }

  /**
   * {@return the maximum number of the fleet's instances, with which SageMaker adds and removes instances as the copies
   * on them need; by default the number is fixed}
   */
  public Optional<Integer> fleetMaxInstances() {
    return draft().fleetMaxInstances;
  }

  /** {@return the number of CPU cores that each copy takes, 0.25 or more} */
  public Optional<Double> cpus() {
    return draft().cpus;
  }

  /** {@return the memory that each copy takes in MB, 128 or more} */
  public int memoryMb() {
    return draft().memoryMb;
  }

  /** {@return the number of GPUs or other accelerators that each copy takes; 0 for none} */
  public int accelerators() {
    return draft().accelerators;
  }

  public SageMakerComponent withFleetInstances(int instances) {
    return new SageMakerComponent(with(draft -> draft.fleetInstances = instances));
  }

  /** {@return a copy whose fleet is scaled by SageMaker} */
  public SageMakerComponent withFleetInstances(int min, int max) {
    return new SageMakerComponent(with(draft -> {
      draft.fleetInstances = min;
      draft.fleetMaxInstances = Optional.of(max);
    }));
  }

  public SageMakerComponent withCpus(double cpus) {
    return new SageMakerComponent(with(draft -> draft.cpus = Optional.of(cpus)));
  }

  public SageMakerComponent withAccelerators(int accelerators) {
    return new SageMakerComponent(with(draft -> draft.accelerators = accelerators));
  }

  @Override
  public String platform() {
    return SageMakerProvider.ID;
  }
}
