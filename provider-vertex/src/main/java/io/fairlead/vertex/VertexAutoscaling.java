package io.fairlead.vertex;

import io.fairlead.grammar.Problems;
import io.fairlead.grammar.ScalingOptions;

/**
 * What Vertex AI keeps at a value by changing the number of replicas between {@code min} and {@code max}, for {@link
 * io.fairlead.grammar.Scaling#with}. Without it, that is the processors' load, at 60 %.
 *
 * @param cpuPercent the load of the processors, 1 to 100; 0 not to look at it
 * @param acceleratorPercent the load of the accelerators, 1 to 100; 0 not to look at it
 * @param requestsPerMinute the requests in a minute for each replica, 1 or more; 0 not to look at them
 */
public record VertexAutoscaling(int cpuPercent, int acceleratorPercent, int requestsPerMinute)
    implements ScalingOptions {
  private static final int ALL = 100;

  public VertexAutoscaling {
    Problems.in("VertexAutoscaling")
        .check(
            cpuPercent >= 0 && cpuPercent <= ALL,
            "cpuPercent",
            "must be 1 to 100, or 0 not to look at it",
            cpuPercent)
        .check(
            acceleratorPercent >= 0 && acceleratorPercent <= ALL,
            "acceleratorPercent",
            "must be 1 to 100, or 0 not to look at it",
            acceleratorPercent)
        .check(
            requestsPerMinute >= 0,
            "requestsPerMinute",
            "must be 1 or more, or 0 not to look at them",
            requestsPerMinute)
        .check(
            cpuPercent != 0 || acceleratorPercent != 0 || requestsPerMinute != 0,
            "cpuPercent",
            "must be 1 to 100 where nothing else is looked at",
            cpuPercent)
        .throwIfAny();
  }

  public static VertexAutoscaling cpu(int percent) {
    return new VertexAutoscaling(percent, 0, 0);
  }

  public static VertexAutoscaling accelerator(int percent) {
    return new VertexAutoscaling(0, percent, 0);
  }

  public static VertexAutoscaling requests(int perMinute) {
    return new VertexAutoscaling(0, 0, perMinute);
  }

  @Override
  public String platform() {
    return VertexProvider.ID;
  }
}
