package io.fairlead.sagemaker;

import io.fairlead.grammar.Problems;
import io.fairlead.grammar.RoutingOptions;
import io.fairlead.sagemaker.internal.rules.KmsKey;
import io.fairlead.spi.Settings;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

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
  private static final int MOST_TYPES = 10;
  private static final Pattern TYPE =
      Pattern.compile("[a-zA-Z0-9](-*[a-zA-Z0-9])*/[a-zA-Z0-9](-*[a-zA-Z0-9.])*");

  static final class Draft extends Settings.Draft {
    int percent;
    String destination = "";
    Captured captured = Captured.BOTH;
    List<String> csvTypes = List.of();
    List<String> jsonTypes = List.of();
    Optional<String> kmsKey = Optional.empty();
  }

  private SageMakerDataCapture(Draft draft) {
    super(draft);
    Problems problems = Problems.in("SageMakerDataCapture")
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
            draft.destination);
    checkTypes("csvTypes", draft.csvTypes, problems);
    checkTypes("jsonTypes", draft.jsonTypes, problems);
    draft.kmsKey.ifPresent(key -> problems.check(KmsKey.isKey(key), "kmsKey", KmsKey.RULE, key));
    problems.throwIfAny();
  }

  private static void checkTypes(String field, List<String> types, Problems problems) {
    problems.check(
        types.size() <= MOST_TYPES
            && types.stream()
                .allMatch(type -> type.length() <= 256 && TYPE.matcher(type).matches()),
        field,
        "must be at most " + MOST_TYPES + " content types, such as application/json",
        types);
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

  /**
   * {@return the content types that are recorded as lines of CSV, at most 10; where no types are given at all, those that
   * are recorded so already, and at first {@code text/csv}}
   */
  public List<String> csvTypes() {
    return draft().csvTypes;
  }

  /**
   * {@return the content types that are recorded as JSON, at most 10; where no types are given at all, those that are
   * recorded so already, and at first {@code application/json}. SageMaker records all others in Base64}
   */
  public List<String> jsonTypes() {
    return draft().jsonTypes;
  }

  /** {@return the KMS key that encrypts the recorded data; by default that of the bucket} */
  public Optional<String> kmsKey() {
    return draft().kmsKey;
  }

  /** {@return a copy that records other content types as text} */
  public SageMakerDataCapture withTextTypes(List<String> csv, List<String> json) {
    return new SageMakerDataCapture(with(draft -> {
      draft.csvTypes = csv;
      draft.jsonTypes = json;
    }));
  }

  public SageMakerDataCapture withKmsKey(String key) {
    return new SageMakerDataCapture(with(draft -> draft.kmsKey = Optional.of(key)));
  }

  public SageMakerDataCapture withCaptured(Captured captured) {
    return new SageMakerDataCapture(with(draft -> draft.captured = captured));
  }

  @Override
  public String platform() {
    return SageMakerProvider.ID;
  }
}
