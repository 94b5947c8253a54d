package io.fairlead.sagemaker;

import static java.util.Objects.requireNonNull;

import io.fairlead.grammar.Problems;
import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.Optional;
import java.util.regex.Pattern;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.http.SdkHttpClient;
import software.amazon.awssdk.services.applicationautoscaling.ApplicationAutoScalingClient;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.sagemaker.SageMakerClient;
import software.amazon.awssdk.services.sagemakerruntime.SageMakerRuntimeClient;

/**
 * Settings of the platform {@code sagemaker}.
 *
 * <pre>{@code
 * SageMakerConfig config = SageMakerConfig.of("us-east-1")
 *     .withExecutionRole("arn:aws:iam::123456789012:role/serving")
 *     .withArtifactBucket("my-models");
 * }</pre>
 *
 * <p>Clients that are handed in stay the caller's to close, and keep their own region, endpoint, credentials and limits.
 * All others are made when they are first needed and share one HTTP client.
 *
 * @param region the AWS region to serve in, such as {@code us-east-1}
 * @param executionRole the ARN of the IAM role that containers run as, where a runtime names none; may be empty
 * @param artifactBucket the bucket that files of this machine are uploaded to, in the same region; empty to refuse them
 * @param endpoint where all services answer instead of AWS, such as an emulator; plain http only on this machine
 * @param profile the profile of {@code ~/.aws} whose credentials to take; empty for the usual chain
 * @param credentials the caller's own source of credentials, before the profile; asked on a thread of the platform's, once
 *     a second at most
 * @param callTimeout the longest that one call of the control plane may take, and that credentials are waited for
 * @param httpClient the caller's own HTTP client, for proxies, certificates and pools
 * @param clients the caller's own clients of the services
 */
public record SageMakerConfig(
    String region,
    String executionRole,
    String artifactBucket,
    Optional<URI> endpoint,
    String profile,
    Optional<AwsCredentialsProvider> credentials,
    Duration callTimeout,
    Optional<SdkHttpClient> httpClient,
    Clients clients) {
  static final Duration CALL_TIMEOUT = Duration.ofSeconds(30);

  private static final Pattern REGION = Pattern.compile("[a-z]{2,}(-[a-z]+)+-\\d+");
  private static final Pattern BUCKET = Pattern.compile("[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]");

  /**
   * The caller's own clients; each that is empty is made.
   *
   * @param controlPlane makes and changes what serves
   * @param runtime asks models
   * @param s3 holds artifacts
   * @param autoScaling scales by load
   */
  public record Clients(
      Optional<SageMakerClient> controlPlane,
      Optional<SageMakerRuntimeClient> runtime,
      Optional<S3Client> s3,
      Optional<ApplicationAutoScalingClient> autoScaling) {
    /** None is the caller's. */
    public static final Clients NONE =
        new Clients(Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty());

    public Clients {
      requireNonNull(controlPlane, "controlPlane");
      requireNonNull(runtime, "runtime");
      requireNonNull(s3, "s3");
      requireNonNull(autoScaling, "autoScaling");
    }

    private boolean isComplete() {
      return controlPlane.isPresent()
          && runtime.isPresent()
          && s3.isPresent()
          && autoScaling.isPresent();
    }
  }

  public SageMakerConfig {
    requireNonNull(region, "region");
    requireNonNull(executionRole, "executionRole");
    requireNonNull(artifactBucket, "artifactBucket");
    requireNonNull(endpoint, "endpoint");
    requireNonNull(profile, "profile");
    requireNonNull(credentials, "credentials");
    requireNonNull(callTimeout, "callTimeout");
    requireNonNull(httpClient, "httpClient");
    requireNonNull(clients, "clients");
    Problems problems = Problems.in("SageMakerConfig")
        .check(
            REGION.matcher(region).matches(),
            "region",
            "must be the name of an AWS region, such as us-east-1",
            region)
        .check(
            artifactBucket.isEmpty() || BUCKET.matcher(artifactBucket).matches(),
            "artifactBucket",
            "must be a bucket's name: 3 to 63 lower-case letters, digits, dots and hyphens",
            artifactBucket)
        .check(
            executionRole.isEmpty() || SageMakerRuntime.isRole(executionRole),
            "executionRole",
            SageMakerRuntime.ROLE_RULE,
            executionRole)
        .check(
            callTimeout.compareTo(Duration.ZERO) > 0,
            "callTimeout",
            "must be more than 0",
            callTimeout);
    endpoint.ifPresent(
        uri -> problems
            .check(
                "https".equals(uri.getScheme()) || "http".equals(uri.getScheme()),
                "endpoint",
                "must begin with https:// or http://")
            .check(
                uri.getRawUserInfo() == null,
                "endpoint",
                "must not carry a user name or password: give credentials instead")
            .check(
                !"http".equals(uri.getScheme()) || isLoopback(uri),
                "endpoint",
                "must be https, because signed requests over plain http can be read, unless it is on this machine"));
    problems.throwIfAny();
  }

  private static boolean isLoopback(URI uri) {
    String host = uri.getHost();
    if (host == null) {
      return false;
    }
    // A name that is no address is looked up; localhost is not sent to any name server.
    boolean address = host.startsWith("[") || host.chars().noneMatch(Character::isLetter);
    if (!address) {
      return host.equals("localhost") || host.endsWith(".localhost");
    }
    try {
      return InetAddress.getByName(host).isLoopbackAddress();
    } catch (UnknownHostException e) {
      return false;
    }
  }

  /** {@return settings for a region, with the usual chain of credentials} */
  public static SageMakerConfig of(String region) {
    return new SageMakerConfig(
        region,
        "",
        "",
        Optional.empty(),
        "",
        Optional.empty(),
        CALL_TIMEOUT,
        Optional.empty(),
        Clients.NONE);
  }

  public SageMakerConfig withExecutionRole(String arn) {
    return new SageMakerConfig(
        region,
        arn,
        artifactBucket,
        endpoint,
        profile,
        credentials,
        callTimeout,
        httpClient,
        clients);
  }

  public SageMakerConfig withArtifactBucket(String bucket) {
    return new SageMakerConfig(
        region,
        executionRole,
        bucket,
        endpoint,
        profile,
        credentials,
        callTimeout,
        httpClient,
        clients);
  }

  public SageMakerConfig withEndpoint(URI uri) {
    return new SageMakerConfig(
        region,
        executionRole,
        artifactBucket,
        Optional.of(uri),
        profile,
        credentials,
        callTimeout,
        httpClient,
        clients);
  }

  public SageMakerConfig withProfile(String name) {
    return new SageMakerConfig(
        region,
        executionRole,
        artifactBucket,
        endpoint,
        name,
        credentials,
        callTimeout,
        httpClient,
        clients);
  }

  public SageMakerConfig withCredentials(AwsCredentialsProvider provider) {
    return new SageMakerConfig(
        region,
        executionRole,
        artifactBucket,
        endpoint,
        profile,
        Optional.of(provider),
        callTimeout,
        httpClient,
        clients);
  }

  public SageMakerConfig withCallTimeout(Duration timeout) {
    return new SageMakerConfig(
        region,
        executionRole,
        artifactBucket,
        endpoint,
        profile,
        credentials,
        timeout,
        httpClient,
        clients);
  }

  public SageMakerConfig withHttpClient(SdkHttpClient client) {
    return new SageMakerConfig(
        region,
        executionRole,
        artifactBucket,
        endpoint,
        profile,
        credentials,
        callTimeout,
        Optional.of(client),
        clients);
  }

  /** {@return these settings with the caller's own clients of some services} */
  public SageMakerConfig withClients(Clients own) {
    return new SageMakerConfig(
        region,
        executionRole,
        artifactBucket,
        endpoint,
        profile,
        credentials,
        callTimeout,
        httpClient,
        own);
  }

  /** {@return which credentials are tried, as a phrase for messages} */
  public String identity() {
    if (!clients.equals(Clients.NONE)) {
      return "the credentials of the clients that were handed in"
          + (clients.isComplete() ? "" : " and, for other services, " + ownIdentity());
    }
    return ownIdentity();
  }

  private String ownIdentity() {
    if (credentials.isPresent()) {
      return "the credentials provider that was handed in";
    }
    return profile.isEmpty()
        ? "the default chain (system properties, environment, web identity, profile, container, instance)"
        : "profile '" + profile + "' of the AWS configuration files";
  }

  @Override
  public String toString() {
    return "SageMakerConfig[region=" + region + ", executionRole=" + executionRole
        + ", artifactBucket=" + artifactBucket + ", endpoint="
        + endpoint.map(URI::toString).orElse("AWS") + ", " + identity() + "]";
  }
}
