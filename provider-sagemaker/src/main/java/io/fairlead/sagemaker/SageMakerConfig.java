package io.fairlead.sagemaker;

import io.fairlead.grammar.Problems;
import io.fairlead.provider.Loopback;
import io.fairlead.sagemaker.internal.rules.KmsKey;
import io.fairlead.sagemaker.internal.rules.TagRules;
import io.fairlead.spi.Settings;
import java.net.URI;
import java.time.Duration;
import java.util.Map;
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
 * <p>Clients that the caller passes are not closed by the platform, and keep their own region, endpoint, credentials
 * and timeouts. All others are created when they are first needed and share one HTTP client.
 */
public final class SageMakerConfig extends Settings<SageMakerConfig.Draft> {
  static final Duration CALL_TIMEOUT = Duration.ofSeconds(30);

  private static final Pattern REGION = Pattern.compile("[a-z]{2,}(-[a-z]+)+-\\d+");
  private static final Pattern BUCKET = Pattern.compile("[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]");

  /** The caller's own clients; absent ones are created. */
  public static final class Clients extends Settings<Clients.ClientsDraft> {
    /** No clients: all are created. */
    public static final Clients NONE = new Clients(new ClientsDraft());

    static final class ClientsDraft extends Settings.Draft {
      Optional<SageMakerClient> controlPlane = Optional.empty();
      Optional<SageMakerRuntimeClient> runtime = Optional.empty();
      Optional<S3Client> s3 = Optional.empty();
      Optional<ApplicationAutoScalingClient> autoScaling = Optional.empty();
    }

    private Clients(ClientsDraft draft) {
      super(draft);
    }

    /** {@return the client of SageMaker's control plane} */
    public Optional<SageMakerClient> controlPlane() {
      return draft().controlPlane;
    }

    /** {@return the client of the SageMaker runtime, which invokes models} */
    public Optional<SageMakerRuntimeClient> runtime() {
      return draft().runtime;
    }

    /** {@return the client of S3, for artifacts} */
    public Optional<S3Client> s3() {
      return draft().s3;
    }

    /** {@return the client of Application Auto Scaling} */
    public Optional<ApplicationAutoScalingClient> autoScaling() {
      return draft().autoScaling;
    }

    public Clients withControlPlane(SageMakerClient client) {
      return new Clients(with(draft -> draft.controlPlane = Optional.of(client)));
    }

    public Clients withRuntime(SageMakerRuntimeClient client) {
      return new Clients(with(draft -> draft.runtime = Optional.of(client)));
    }

    public Clients withS3(S3Client client) {
      return new Clients(with(draft -> draft.s3 = Optional.of(client)));
    }

    public Clients withAutoScaling(ApplicationAutoScalingClient client) {
      return new Clients(with(draft -> draft.autoScaling = Optional.of(client)));
    }

    private boolean isComplete() {
      return controlPlane().isPresent()
          && runtime().isPresent()
          && s3().isPresent()
          && autoScaling().isPresent();
    }
  }

  static final class Draft extends Settings.Draft {
    String region = "";
    Optional<String> executionRole = Optional.empty();
    Optional<String> artifactBucket = Optional.empty();
    Optional<URI> endpoint = Optional.empty();
    Optional<String> profile = Optional.empty();
    Optional<String> uploadKmsKey = Optional.empty();
    Map<String, String> tags = Map.of();
    Optional<AwsCredentialsProvider> credentials = Optional.empty();
    Duration callTimeout = CALL_TIMEOUT;
    Optional<SdkHttpClient> httpClient = Optional.empty();
    Clients clients = Clients.NONE;
  }

  SageMakerConfig(Draft draft) {
    super(draft);
    Problems problems = Problems.in("SageMakerConfig")
        .check(
            REGION.matcher(draft.region).matches(),
            "region",
            "must be the name of an AWS region, such as us-east-1",
            draft.region)
        .check(
            draft.artifactBucket.filter(name -> !BUCKET.matcher(name).matches()).isEmpty(),
            "artifactBucket",
            "must be a bucket's name: 3 to 63 lowercase letters, digits, dots and hyphens",
            draft.artifactBucket.orElse(""))
        .check(
            draft.executionRole.filter(arn -> !SageMakerRuntime.isRole(arn)).isEmpty(),
            "executionRole",
            SageMakerRuntime.ROLE_RULE,
            draft.executionRole.orElse(""))
        .check(
            !draft.profile.equals(Optional.of("")),
            "profile",
            "must not be empty; leave it out for the default chain")
        .check(
            draft.callTimeout.compareTo(Duration.ZERO) > 0,
            "callTimeout",
            "must be more than 0",
            draft.callTimeout);
    draft.uploadKmsKey.ifPresent(
        key -> problems.check(KmsKey.isKey(key), "uploadKmsKey", KmsKey.RULE, key));
    TagRules.check("tags", draft.tags, problems);
    draft.endpoint.ifPresent(
        uri -> problems
            .check(
                "https".equals(uri.getScheme()) || "http".equals(uri.getScheme()),
                "endpoint",
                "must begin with https:// or http://")
            .check(
                uri.getRawUserInfo() == null,
                "endpoint",
                "must not contain a user name or password: give credentials instead")
            .check(
                !"http".equals(uri.getScheme()) || Loopback.isHostOf(uri),
                "endpoint",
                "must be https, because signed requests over plain http can be read, unless it is on this machine"));
    problems.throwIfAny();
  }

  /** {@return settings for a region, with the default credentials chain} */
  public static SageMakerConfig of(String region) {
    Draft draft = new Draft();
    draft.region = region;
    return new SageMakerConfig(draft);
  }

  /** {@return the AWS region to serve in, such as {@code us-east-1}} */
  public String region() {
    return draft().region;
  }

  /** {@return the ARN of the execution role of containers whose runtime has none} */
  public Optional<String> executionRole() {
    return draft().executionRole;
  }

  /** {@return the bucket that local files are uploaded to, in the same region; without one, local files are refused} */
  public Optional<String> artifactBucket() {
    return draft().artifactBucket;
  }

  /** {@return the endpoint of all services in place of AWS's, such as an emulator; plain http only on this machine} */
  public Optional<URI> endpoint() {
    return draft().endpoint;
  }

  /** {@return the profile of {@code ~/.aws} with the credentials; by default the default credentials chain is used} */
  public Optional<String> profile() {
    return draft().profile;
  }

  /** {@return the KMS key that encrypts uploads of local files; by default that of the bucket} */
  public Optional<String> uploadKmsKey() {
    return draft().uploadKmsKey;
  }

  /** {@return the tags of all models, endpoints, their configurations and inference components, sorted by key} */
  public Map<String, String> tags() {
    return draft().tags;
  }

  /**
   * {@return the caller's own credentials provider, which precedes the profile; called on a thread of the platform,
   * at most once a second}
   */
  public Optional<AwsCredentialsProvider> credentials() {
    return draft().credentials;
  }

  /** {@return the timeout of one call to the control plane, and of waiting for credentials} */
  public Duration callTimeout() {
    return draft().callTimeout;
  }

  /** {@return the caller's own HTTP client, such as for proxies, certificates and connection pools} */
  public Optional<SdkHttpClient> httpClient() {
    return draft().httpClient;
  }

  /** {@return the caller's own clients of AWS services} */
  public Clients clients() {
    return draft().clients;
  }

  public SageMakerConfig withExecutionRole(String arn) {
    return new SageMakerConfig(with(draft -> draft.executionRole = Optional.of(arn)));
  }

  public SageMakerConfig withArtifactBucket(String bucket) {
    return new SageMakerConfig(with(draft -> draft.artifactBucket = Optional.of(bucket)));
  }

  public SageMakerConfig withEndpoint(URI uri) {
    return new SageMakerConfig(with(draft -> draft.endpoint = Optional.of(uri)));
  }

  public SageMakerConfig withProfile(String name) {
    return new SageMakerConfig(with(draft -> draft.profile = Optional.of(name)));
  }

  public SageMakerConfig withUploadKmsKey(String key) {
    return new SageMakerConfig(with(draft -> draft.uploadKmsKey = Optional.of(key)));
  }

  /**
   * {@return a copy with tags for all models, endpoints, their configurations and inference components}
   *
   * @param tags at most 14; AWS allows letters, digits, spaces and {@code _.:/=+-@}, keys of 1 to 128 characters that do
   *     not begin with {@code aws:} or {@code fairlead-}, and values of at most 256. A label of a model takes precedence
   */
  public SageMakerConfig withTags(Map<String, String> tags) {
    return new SageMakerConfig(with(draft -> draft.tags = tags));
  }

  public SageMakerConfig withCredentials(AwsCredentialsProvider provider) {
    return new SageMakerConfig(with(draft -> draft.credentials = Optional.of(provider)));
  }

  public SageMakerConfig withCallTimeout(Duration timeout) {
    return new SageMakerConfig(with(draft -> draft.callTimeout = timeout));
  }

  public SageMakerConfig withHttpClient(SdkHttpClient client) {
    return new SageMakerConfig(with(draft -> draft.httpClient = Optional.of(client)));
  }

  /** {@return a copy with the caller's own clients of some services} */
  public SageMakerConfig withClients(Clients own) {
    return new SageMakerConfig(with(draft -> draft.clients = own));
  }

  /** {@return the credentials that are used, as a phrase for messages} */
  public String identity() {
    if (!clients().equals(Clients.NONE)) {
      return "the credentials of the caller's own clients"
          + (clients().isComplete() ? "" : " and, for other services, " + ownIdentity());
    }
    return ownIdentity();
  }

  private String ownIdentity() {
    if (credentials().isPresent()) {
      return "the caller's own credentials provider";
    }
    return profile().isEmpty()
        ? "the default chain (system properties, environment, web identity, profile, container, instance)"
        : "profile '" + profile().get() + "' of the AWS configuration files";
  }

  @Override
  public String toString() {
    return "SageMakerConfig[region=" + region() + ", executionRole="
        + executionRole().orElse("none") + ", artifactBucket="
        + artifactBucket().orElse("none")
        + ", endpoint=" + endpoint().map(URI::toString).orElse("AWS") + ", " + identity() + "]";
  }
}
