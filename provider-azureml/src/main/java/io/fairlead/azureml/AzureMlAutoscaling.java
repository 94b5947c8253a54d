package io.fairlead.azureml;

import io.fairlead.grammar.Problems;
import io.fairlead.grammar.ScalingOptions;
import io.fairlead.spi.Settings;
import java.time.Duration;

/**
 * The rules by which the number of a deployment's instances follows the load, for {@link
 * io.fairlead.grammar.Scaling#with}.
 *
 * <p>One instance is added when the average of a metric over the window is above a limit, and one is removed when it is
 * below another. Without this option: 70 and 30 percent of the processors, over 5 minutes.
 */
public final class AzureMlAutoscaling extends Settings<AzureMlAutoscaling.Draft>
    implements ScalingOptions {
  private static final Duration SHORTEST_WINDOW = Duration.ofMinutes(5);
  private static final Duration LONGEST_WINDOW = Duration.ofHours(12);
  private static final Duration SHORTEST_COOLDOWN = Duration.ofMinutes(1);
  private static final Duration LONGEST_COOLDOWN = Duration.ofDays(7);

  /** The metric that the number of instances follows. */
  public enum Metric {
    /** The average utilization of the processors, in percent. */
    CPU("CpuUtilizationPercentage", true),
    /** The average utilization of the GPUs, in percent. */
    GPU("GpuUtilizationPercentage", true),
    /** The average time that the endpoint takes for a request, in milliseconds. */
    REQUEST_LATENCY("RequestLatency", false);

    private final String azureName;
    private final boolean ofDeployment;

    Metric(String azureName, boolean ofDeployment) {
      this.azureName = azureName;
      this.ofDeployment = ofDeployment;
    }

    /** {@return its name in Azure Monitor} */
    public String azureName() {
      return azureName;
    }

    /** {@return whether it is measured for each deployment; otherwise for the endpoint} */
    public boolean isOfDeployment() {
      return ofDeployment;
    }
  }

  /** 70 and 30 percent of the processors, over 5 minutes. */
  public static final AzureMlAutoscaling DEFAULT = new AzureMlAutoscaling(new Draft());

  static final class Draft extends Settings.Draft {
    Metric metric = Metric.CPU;
    int addAbove = 70;
    int removeBelow = 30;
    Duration window = SHORTEST_WINDOW;
    Duration cooldown = Duration.ofMinutes(5);
  }

  private AzureMlAutoscaling(Draft draft) {
    super(draft);
    Problems.in("AzureMlAutoscaling")
        .check(draft.addAbove >= 1, "addAbove", "must be 1 or more", draft.addAbove)
        .check(
            draft.metric == Metric.REQUEST_LATENCY || draft.addAbove < 100,
            "addAbove",
            "must be less than 100 percent",
            draft.addAbove)
        .check(
            draft.removeBelow >= 0 && draft.removeBelow < draft.addAbove,
            "removeBelow",
            "must be 0 or more, and less than addAbove, which is " + draft.addAbove,
            draft.removeBelow)
        .check(
            isBetween(SHORTEST_WINDOW, draft.window, LONGEST_WINDOW),
            "window",
            "must be 5 minutes to 12 hours",
            draft.window)
        .check(
            isBetween(SHORTEST_COOLDOWN, draft.cooldown, LONGEST_COOLDOWN),
            "cooldown",
            "must be 1 minute to 7 days",
            draft.cooldown)
        .throwIfAny();
  }

  private static boolean isBetween(Duration least, Duration duration, Duration most) {
    return duration.compareTo(least) >= 0 && duration.compareTo(most) <= 0;
  }

  /** {@return rules by the utilization of the processors, in percent} */
  public static AzureMlAutoscaling cpu(int addAbove, int removeBelow) {
    return of(Metric.CPU, addAbove, removeBelow);
  }

  /** {@return rules by the utilization of the GPUs, in percent} */
  public static AzureMlAutoscaling gpu(int addAbove, int removeBelow) {
    return of(Metric.GPU, addAbove, removeBelow);
  }

  /** {@return rules by the time that the endpoint takes for a request, in milliseconds} */
  public static AzureMlAutoscaling requestLatency(int addAbove, int removeBelow) {
    return of(Metric.REQUEST_LATENCY, addAbove, removeBelow);
  }

  private static AzureMlAutoscaling of(Metric metric, int addAbove, int removeBelow) {
    Draft draft = new Draft();
    draft.metric = metric;
    draft.addAbove = addAbove;
    draft.removeBelow = removeBelow;
    return new AzureMlAutoscaling(draft);
  }

  /** {@return the metric; by default the utilization of the processors} */
  public Metric metric() {
    return draft().metric;
  }

  /** {@return above which average one instance is added: 1 to 99 percent, or 1 millisecond or more; by default 70 percent} */
  public int addAbove() {
    return draft().addAbove;
  }

  /** {@return below which average one instance is removed, in the same unit, 0 or more; by default 30 percent} */
  public int removeBelow() {
    return draft().removeBelow;
  }

  /** {@return the time over which the average is taken; by default 5 minutes} */
  public Duration window() {
    return draft().window;
  }

  /** {@return the time after a change in which there is no other; by default 5 minutes} */
  public Duration cooldown() {
    return draft().cooldown;
  }

  /** {@return a copy with another time over which the average is taken, 5 minutes to 12 hours} */
  public AzureMlAutoscaling withWindow(Duration window) {
    return new AzureMlAutoscaling(with(draft -> draft.window = window));
  }

  /** {@return a copy with another time between changes, 1 minute to 7 days} */
  public AzureMlAutoscaling withCooldown(Duration cooldown) {
    return new AzureMlAutoscaling(with(draft -> draft.cooldown = cooldown));
  }

  @Override
  public String platform() {
    return AzureMlProvider.ID;
  }
}
