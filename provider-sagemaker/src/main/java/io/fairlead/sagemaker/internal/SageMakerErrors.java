package io.fairlead.sagemaker.internal;

import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.provider.RefusedCalls.Refusals;
import io.fairlead.provider.RetryPolicy;
import io.fairlead.sagemaker.SageMakerConfig;
import io.fairlead.sagemaker.SageMakerProvider;
import io.fairlead.sagemaker.internal.credentials.MissingCredentials;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.nio.file.NoSuchFileException;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.core.exception.AbortedException;
import software.amazon.awssdk.core.exception.ApiCallAttemptTimeoutException;
import software.amazon.awssdk.core.exception.ApiCallTimeoutException;
import software.amazon.awssdk.core.exception.SdkClientException;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.http.SdkHttpResponse;
import software.amazon.awssdk.services.sagemakerruntime.model.ModelErrorException;
import software.amazon.awssdk.services.sagemakerruntime.model.ModelStreamErrorException;

/**
 * The classification of AWS's failures; the only class that knows its codes and messages.
 *
 * <p>SageMaker's control plane has one code, {@code ValidationException}, for not found, already exists, in progress
 * and invalid. They differ in the beginning of the message.
 */
final class SageMakerErrors implements Refusals<SdkException> {
  private static final RetryPolicy REFUSED = new RetryPolicy(
      5, Duration.ofMillis(250), Duration.ofSeconds(4), RetryPolicy.DEFAULT.settling());
  /** Loading a model takes up to six minutes; the first answer arrives after one minute. */
  private static final RetryPolicy LOADING = new RetryPolicy(
      5, Duration.ofSeconds(1), Duration.ofSeconds(8), RetryPolicy.DEFAULT.settling());

  private static final Predicate<String> SECONDS = Pattern.compile("[0-9]{1,9}").asMatchPredicate();

  private static final Set<String> UNAUTHORIZED = Set.of(
      "AccessDenied",
      "AccessDeniedException",
      "AuthFailure",
      "ExpiredToken",
      "ExpiredTokenException",
      "FailedResourceAccessException",
      "IncompleteSignature",
      "InvalidAccessKeyId",
      "InvalidClientTokenId",
      "InvalidSignatureException",
      "InvalidToken",
      "MissingAuthenticationToken",
      "NotAuthorized",
      "OptInRequired",
      "SignatureDoesNotMatch",
      "UnauthorizedOperation",
      "UnrecognizedClientException");
  private static final Set<String> THROTTLED = Set.of(
      "RequestLimitExceeded",
      "RequestThrottled",
      "SlowDown",
      "Throttling",
      "ThrottlingException",
      "TooManyRequestsException");
  private static final Set<String> CONFLICT = Set.of(
      "ConcurrentUpdateException",
      "ConflictException",
      // Another process has completed or aborted the upload.
      "NoSuchUpload",
      "OperationAborted",
      "ResourceInUse");
  private static final Set<String> QUOTA =
      Set.of("LimitExceededException", "ResourceLimitExceeded");
  private static final Set<String> NOT_FOUND = Set.of(
      "NoSuchKey", "ObjectNotFoundException", "ResourceNotFound", "ResourceNotFoundException");
  private static final int MOVED_PERMANENTLY = 301;
  private static final int TOO_MANY_REQUESTS = 429;
  private static final int TOO_LARGE = 413;
  private static final int SERVICE_UNAVAILABLE = 503;
  private static final String LIMITS =
      ". Requests have at most 6 MB, and 4 MB where the endpoint is serverless";
  private static final String MODEL_LOADING = "ModelNotReadyException";
  private static final int LONGEST_QUOTE = 500;
  /** The folder of the files with the logins of IAM Identity Center. */
  private static final String LOGINS = "/.aws/sso/cache/";

  private static final String VARIANT_HEADER = "x-Amzn-Invoked-Production-Variant";

  /** AWS's documentation of log groups: streams of endpoints are called VARIANT/INSTANCE. */
  private static final Pattern VARIANT_OF_LOG_STREAM = Pattern.compile(":log-stream:([^/]+)/");

  /** The credentials that are used, as a phrase. */
  private final String identity;

  /** The region to serve in. */
  private final String region;

  SageMakerErrors(SageMakerConfig config) {
    this.identity = config.identity();
    this.region = config.region();
  }

  /** Makes a call; the message of a failure begins with {@code what}. */
  <T> T call(String what, Supplier<T> call) {
    try {
      return call.get();
    } catch (SdkException e) {
      throw failure(what, e);
    }
  }

  /** {@return the result of a call; empty if AWS says that it does not exist} */
  <T> Optional<T> find(String what, Supplier<T> call) {
    try {
      return Optional.of(call(what, call));
    } catch (ServingException e) {
      if (e.kind() == ErrorKind.NOT_FOUND) {
        return Optional.empty();
      }
      throw e;
    }
  }

  // ---- rejections by the runtime service ----

  @Override
  public Class<SdkException> type() {
    return SdkException.class;
  }

  @Override
  public Optional<RetryPolicy> policy(SdkException refusal) {
    return isRefusedForNow(refusal)
        ? Optional.of(isLoading(refusal) ? LOADING : REFUSED)
        : Optional.empty();
  }

  @Override
  public Optional<Duration> retryAfter(SdkException refusal) {
    return refusal instanceof AwsServiceException service && service.awsErrorDetails() != null
        ? Optional.ofNullable(service.awsErrorDetails().sdkHttpResponse())
            .flatMap(answer -> answer.firstMatchingHeader("Retry-After"))
            .filter(SECONDS)
            .map(seconds -> Duration.ofSeconds(Long.parseLong(seconds)))
        : Optional.empty();
  }

  /** {@return an SDK's exception as a ServingException} */
  @Override
  public ServingException failure(String what, SdkException e) {
    return e instanceof AwsServiceException service ? answered(what, service) : unanswered(what, e);
  }

  private ServingException answered(String what, AwsServiceException e) {
    String code = code(e);
    String message = message(e);
    ErrorKind kind = kind(code, message, e.statusCode());
    String reason = reason(code, message);
    if (e instanceof ModelErrorException model) {
      reason = reason(model);
    } else if (e instanceof ModelStreamErrorException model && model.errorCode() != null) {
      reason = reason(model.errorCode(), message);
    }
    Optional<String> elsewhere = otherRegion(e);
    if (elsewhere.isPresent()) {
      kind = ErrorKind.INVALID;
      reason = "the bucket is in " + elsewhere.get() + ", not in " + region
          + ", and SageMaker reads models of its own region only: use a bucket in " + region
          + ", or serve in " + elsewhere.get();
    }
    return ServingException.builder(
            SageMakerProvider.ID,
            kind,
            what + " failed: " + reason + wayOut(kind, code, message)
                + (e.statusCode() == TOO_LARGE ? LIMITS : ""))
        .cause(e)
        .requestId(e.requestId())
        .variant(variant(e))
        .build();
  }

  /** {@return the actual region of a bucket, which S3 names with and without a body} */
  private static Optional<String> otherRegion(AwsServiceException e) {
    boolean redirected = e.statusCode() == MOVED_PERMANENTLY
        || code(e).equals("PermanentRedirect")
        || code(e).equals("AuthorizationHeaderMalformed");
    return !redirected || e.awsErrorDetails() == null
        ? Optional.empty()
        : Optional.ofNullable(e.awsErrorDetails().sdkHttpResponse())
            .flatMap(answer -> answer.firstMatchingHeader("x-amz-bucket-region"));
  }

  /**
   * {@return the production variant that an answer names: by its header, or by the log stream of one of its
   * instances}
   */
  private static @Nullable String variant(AwsServiceException e) {
    SdkHttpResponse answer =
        e.awsErrorDetails() == null ? null : e.awsErrorDetails().sdkHttpResponse();
    String named =
        answer == null ? null : answer.firstMatchingHeader(VARIANT_HEADER).orElse(null);
    if (named != null
        || !(e instanceof ModelErrorException model)
        || model.logStreamArn() == null) {
      return named;
    }
    Matcher stream = VARIANT_OF_LOG_STREAM.matcher(model.logStreamArn());
    return stream.find() ? stream.group(1) : null;
  }

  static String code(AwsServiceException e) {
    String code = e.awsErrorDetails() == null ? null : e.awsErrorDetails().errorCode();
    return code == null ? "" : code;
  }

  static String message(AwsServiceException e) {
    String message = e.awsErrorDetails() == null ? null : e.awsErrorDetails().errorMessage();
    return message == null || message.equals("null") ? "" : message;
  }

  private static String reason(String code, String message) {
    String name = code.isEmpty() ? "AWS gives no reason" : code;
    return message.isEmpty() ? name : code.isEmpty() ? message : message + " (" + code + ")";
  }

  /** The error that a model answered, and its log. */
  private static String reason(ModelErrorException e) {
    String status = e.originalStatusCode() == null ? "" : " with status " + e.originalStatusCode();
    String text = e.originalMessage() == null ? message(e) : e.originalMessage();
    return "the model answered" + status + (text.isEmpty() ? "" : ": " + quote(text))
        + (e.logStreamArn() == null ? "" : ". Its log is " + e.logStreamArn());
  }

  /** {@return a text, truncated if it is long, as a part of a message} */
  static String quote(String text) {
    return text.length() <= LONGEST_QUOTE
        ? text
        : text.substring(0, LONGEST_QUOTE) + "... (" + text.length() + " characters)";
  }

  /** {@return whether AWS rejected a call before it had any effect, and may accept it later} */
  static boolean isRefusedForNow(SdkException e) {
    return e instanceof AwsServiceException service
        && (service.statusCode() == TOO_MANY_REQUESTS
            || service.statusCode() == SERVICE_UNAVAILABLE
            || THROTTLED.contains(code(service)));
  }

  /** {@return whether a model of a multi-model endpoint is not loaded yet} */
  static boolean isLoading(SdkException e) {
    return e instanceof AwsServiceException service && code(service).equals(MODEL_LOADING);
  }

  private static ErrorKind kind(String code, String message, int status) {
    if (UNAUTHORIZED.contains(code)) {
      return ErrorKind.UNAUTHORIZED;
    }
    if (code.equals("ModelError") || code.equals("ModelStreamError")) {
      return ErrorKind.MODEL_FAILED;
    }
    if (code.equals(MODEL_LOADING)
        || code.equals("InternalStreamFailure")
        || code.equals("InternalDependencyException")) {
      return ErrorKind.UNAVAILABLE;
    }
    if (THROTTLED.contains(code) || status == TOO_MANY_REQUESTS) {
      return ErrorKind.THROTTLED;
    }
    if (CONFLICT.contains(code)) {
      return ErrorKind.CONFLICT;
    }
    if (QUOTA.contains(code)) {
      return ErrorKind.QUOTA;
    }
    if (NOT_FOUND.contains(code)) {
      return ErrorKind.NOT_FOUND;
    }
    if (code.equals("ValidationException")) {
      return validation(message);
    }
    if (code.equals("ValidationError")) {
      return isNotFound(message) ? ErrorKind.NOT_FOUND : ErrorKind.INVALID;
    }
    if (status == 404 && !code.equals("NoSuchBucket")) {
      return ErrorKind.NOT_FOUND;
    }
    if (status == 401 || status == 403) {
      return ErrorKind.UNAUTHORIZED;
    }
    if (status >= 500) {
      return ErrorKind.UNAVAILABLE;
    }
    return status >= 300 ? ErrorKind.INVALID : ErrorKind.UNKNOWN;
  }

  /** Whether a message of the runtime service is about a missing endpoint, variant or component. */
  private static boolean isNotFound(String message) {
    String text = message.toLowerCase(Locale.ROOT);
    return text.contains("not found")
        || text.contains("could not find")
        || text.contains("does not exist")
        || text.contains("not present");
  }

  private static ErrorKind validation(String message) {
    if (message.startsWith("Could not find")) {
      return ErrorKind.NOT_FOUND;
    }
    if (message.startsWith("Cannot create already existing")) {
      return ErrorKind.ALREADY_EXISTS;
    }
    if (message.startsWith("Cannot update in-progress")
        || message.startsWith("Cannot delete in-progress")
        || message.startsWith("The variant name(s)")) {
      return ErrorKind.CONFLICT;
    }
    if (message.contains("does not have") && message.contains("DeregisterScalableTarget")) {
      return ErrorKind.UNAUTHORIZED;
    }
    return ErrorKind.INVALID;
  }

  private String wayOut(ErrorKind kind, String code, String message) {
    return switch (kind) {
      case NOT_FOUND -> code.equals("ValidationError") ? notFound(message) : "";
      case UNAVAILABLE ->
        code.equals(MODEL_LOADING)
            ? ". The model is loading, which takes up to six minutes: retry later"
            : "";
      case UNAUTHORIZED ->
        ". Tried " + identity + "; docs/sagemaker.md has the policy that it needs";
      case QUOTA ->
        message.contains("Service Quotas")
            ? ""
            : ". Request more in AWS Service Quotas, or choose another instance type or region";
      default -> "";
    };
  }

  private static String notFound(String message) {
    return message.startsWith("Endpoint ")
        ? ". It is not deployed in this account and region, or not in service yet"
        : ". The endpoint is in service, but does not have the variant that the request is pinned to";
  }

  private ServingException unanswered(String what, SdkException e) {
    ErrorKind kind = unansweredKind(e);
    String message = String.valueOf(e.getMessage());
    String reason = MissingCredentials.isOfChain(message)
        ? MissingCredentials.reason(message)
        // Why there are no credentials is told whole.
        : kind == ErrorKind.UNAUTHORIZED ? message : quote(message);
    String more = switch (kind) {
      case UNAUTHORIZED ->
        (message.contains(LOGINS) ? ". Run 'aws sso login' for the profile" : "") + ". Tried "
            + identity;
      case TIMEOUT -> ". Whether it was done is not known";
      case UNAVAILABLE ->
        find(e, UnknownHostException.class) == null
            ? ""
            : ". Check the region and the endpoint: there is no such host";
      default -> "";
    };
    return ServingException.builder(SageMakerProvider.ID, kind, what + " failed: " + reason + more)
        .cause(e)
        .build();
  }

  private static ErrorKind unansweredKind(SdkException e) {
    if (e instanceof ApiCallTimeoutException
        || e instanceof ApiCallAttemptTimeoutException
        || find(e, SocketTimeoutException.class) != null) {
      return ErrorKind.TIMEOUT;
    }
    if (e instanceof AbortedException || find(e, InterruptedIOException.class) != null) {
      return ErrorKind.CANCELLED;
    }
    if (find(e, NoSuchFileException.class) != null) {
      // Of credentials: nothing else is read from files here.
      return ErrorKind.UNAUTHORIZED;
    }
    if (find(e, IOException.class) != null) {
      return ErrorKind.UNAVAILABLE;
    }
    // The SDK has no class for it.
    String message = String.valueOf(e.getMessage());
    boolean credentials = e instanceof SdkClientException
        && (message.contains("credentials") || message.contains("Profile file"));
    return credentials ? ErrorKind.UNAUTHORIZED : ErrorKind.UNKNOWN;
  }

  private static <T extends Throwable> @Nullable T find(Throwable e, Class<T> type) {
    for (Throwable cause = e; cause != null; cause = cause.getCause()) {
      if (type.isInstance(cause)) {
        return type.cast(cause);
      }
    }
    return null;
  }
}
