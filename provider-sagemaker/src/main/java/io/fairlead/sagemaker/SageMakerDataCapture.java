package io.fairlead.sagemaker;

import io.fairlead.grammar.Problems;
import io.fairlead.grammar.RoutingOptions;
import io.fairlead.spi.Settings;

/**
 * Data capture: requests and answers are recorded in S3, for {@link io.fairlead.grammar.Routing#with}.
 *
 * <p>It applies to all variants of the public name. Deploying a variant without this option leaves it unchanged; 0
 * percent ends it.
 */
public final class SageMakerDataCapture extends Settings<SageMakerDataCapture.Draft>
    implements RoutingOptions {
  /** The parts of an invocation that are recorded. */
  public enum Captured {
    REQUEST,
    RESPONSE,
    BOTH
  }

  private static final int LONGEST_URI = 512;

  static final class Draft extends Settings.Draft {
    int percent;
    String destination = "";
    Captured captured = Captured.BOTH;
  }

  private SageMakerDataCapture(Draft draft) {
    super(draft);
    Problems.in("SageMakerDataCapture")
        .check(
            draft.percent >= 0 && draft.percent <= 100,
            "percent",
            "must be from 0 to 100",
            draft.percent)
        .check(
            draft.destination.length() <= LONGEST_URI
                && draft.destination.matches("s3://[^/\\s]+(/\\S*)?"),
            "destination",
            "must be an s3:// prefix of at most " + LONGEST_URI + " characters",
            draft.destination)
        .throwIfAny();
  }

  /** {@return a capture of requests and answers} */
  public static SageMakerDataCapture of(int percent, String destination) {
    Draft draft = new Draft();
    draft.percent = percent;
    draft.destination = destination;
    return new SageMakerDataCapture(draft);
  }

  /** {@return the percentage of requests that are recorded, 0 to 100} */
  public int percent() {
    return draft().percent;
  }

  /** {@return the S3 prefix of the recorded data} */
  public String destination() {
    return draft().destination;
  }

  /** {@return the parts of each invocation that are recorded} */
  public Captured captured() {
    return draft().captured;
  }

  public SageMakerDataCapture withCaptured(Captured captured) {
    return new SageMakerDataCapture(with(draft -> draft.captured = captured));
  }

  @Override
  public String platform() {
    return SageMakerProvider.ID;
  }
}
