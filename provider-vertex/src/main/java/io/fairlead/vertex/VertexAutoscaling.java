package io.fairlead.vertex;

import io.fairlead.grammar.Problems;
import io.fairlead.grammar.ScalingOptions;
import io.fairlead.spi.Settings;
import java.util.Optional;

/**
 * The autoscaling metrics of a deployment, for {@link io.fairlead.grammar.Scaling#with}: Vertex AI changes the number
 * of replicas between {@code min} and {@code max} to keep each at its target. Without it, the target is a CPU
 * utilization of 60 %.
 */
public final class VertexAutoscaling extends Settings<VertexAutoscaling.Draft>
    implements ScalingOptions {
  private static final int ALL = 100;

  static final class Draft extends Settings.Draft {
    Optional<Integer> cpuPercent = Optional.empty();
    Optional<Integer> acceleratorPercent = Optional.empty();
    Optional<Integer> requestsPerMinute = Optional.empty();
  }

  private VertexAutoscaling(Draft draft) {
    super(draft);
    Problems problems = Problems.in("VertexAutoscaling");
    checkPercent("cpuPercent", draft.cpuPercent, problems);
    checkPercent("acceleratorPercent", draft.acceleratorPercent, problems);
    draft.requestsPerMinute.ifPresent(requests ->
        problems.check(requests >= 1, "requestsPerMinute", "must be 1 or more", requests));
    problems
        .check(
            draft.cpuPercent.isPresent()
                || draft.acceleratorPercent.isPresent()
                || draft.requestsPerMinute.isPresent(),
            "cpuPercent",
            "must be given where no other metric is")
        .throwIfAny();
  }

  private static void checkPercent(String field, Optional<Integer> percent, Problems problems) {
    percent.ifPresent(
        value -> problems.check(value >= 1 && value <= ALL, field, "must be 1 to " + ALL, value));
  }

  public static VertexAutoscaling cpu(int percent) {
    Draft draft = new Draft();
    draft.cpuPercent = Optional.of(percent);
    return new VertexAutoscaling(draft);
  }

  public static VertexAutoscaling accelerator(int percent) {
    Draft draft = new Draft();
    draft.acceleratorPercent = Optional.of(percent);
    return new VertexAutoscaling(draft);
  }

  public static VertexAutoscaling requests(int perMinute) {
    Draft draft = new Draft();
    draft.requestsPerMinute = Optional.of(perMinute);
    return new VertexAutoscaling(draft);
  }

  /** {@return the target CPU utilization in percent, 1 to 100} */
  public Optional<Integer> cpuPercent() {
    return draft().cpuPercent;
  }

  /** {@return the target accelerator utilization in percent, 1 to 100} */
  public Optional<Integer> acceleratorPercent() {
    return draft().acceleratorPercent;
  }

  /** {@return the target number of requests per minute for each replica, 1 or more} */
  public Optional<Integer> requestsPerMinute() {
    return draft().requestsPerMinute;
  }

  public VertexAutoscaling withCpu(int percent) {
    return new VertexAutoscaling(with(draft -> draft.cpuPercent = Optional.of(percent)));
  }

  public VertexAutoscaling withAccelerator(int percent) {
    return new VertexAutoscaling(with(draft -> draft.acceleratorPercent = Optional.of(percent)));
  }

  public VertexAutoscaling withRequests(int perMinute) {
    return new VertexAutoscaling(with(draft -> draft.requestsPerMinute = Optional.of(perMinute)));
  }

  @Override
  public String platform() {
    return VertexProvider.ID;
  }
}
