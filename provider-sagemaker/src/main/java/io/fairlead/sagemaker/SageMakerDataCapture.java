package io.fairlead.sagemaker;

import io.fairlead.grammar.Problems;
import io.fairlead.grammar.RoutingOptions;
import io.fairlead.spi.Settings;

/**
 * A record of requests and answers in S3, for {@link io.fairlead.grammar.Routing#with}.
 *
 * <p>It holds for all variants of the public name. A variant that says nothing of it leaves it as it is; 0 percent ends it.
 */
public final class SageMakerDataCapture extends Settings<SageMakerDataCapture.Draft>
    implements RoutingOptions {
  /** What is recorded of a request. */
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

  /** {@return a record of requests and answers} */
  public static SageMakerDataCapture of(int percent, String destination) {
    Draft draft = new Draft();
    draft.percent = percent;
    draft.destination = destination;
    return new SageMakerDataCapture(draft);
  }

  /** {@return the share of requests that is recorded, 0 to 100} */
  public int percent() {
    return draft().percent;
  }

  /** {@return the S3 prefix that the record is written to} */
  public String destination() {
    return draft().destination;
  }

  /** {@return what is recorded of each request} */
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
