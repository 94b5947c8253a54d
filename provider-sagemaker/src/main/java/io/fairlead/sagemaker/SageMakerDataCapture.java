package io.fairlead.sagemaker;

import static java.util.Objects.requireNonNull;

import io.fairlead.grammar.Problems;
import io.fairlead.grammar.RoutingOptions;

/**
 * A record of requests and answers in S3, for {@link io.fairlead.grammar.Routing#with}.
 *
 * <p>It holds for all variants of the public name. A variant that says nothing of it leaves it as it is; 0 percent ends it.
 *
 * @param percent the share of requests that is recorded, 0 to 100
 * @param destination the S3 prefix that the record is written to
 * @param captured what is recorded of each request
 */
public record SageMakerDataCapture(int percent, String destination, Captured captured)
    implements RoutingOptions {
  /** What is recorded of a request. */
  public enum Captured {
    REQUEST,
    RESPONSE,
    BOTH
  }

  private static final int LONGEST_URI = 512;

  public SageMakerDataCapture {
    requireNonNull(captured, "captured");
    Problems.in("SageMakerDataCapture")
        .check(percent >= 0 && percent <= 100, "percent", "must be from 0 to 100", percent)
        .check(
            destination.length() <= LONGEST_URI && destination.matches("s3://[^/\\s]+(/\\S*)?"),
            "destination",
            "must be an s3:// prefix of at most " + LONGEST_URI + " characters",
            destination)
        .throwIfAny();
  }

  /** {@return a record of requests and answers} */
  public static SageMakerDataCapture of(int percent, String destination) {
    return new SageMakerDataCapture(percent, destination, Captured.BOTH);
  }

  @Override
  public String platform() {
    return SageMakerProvider.ID;
  }
}
