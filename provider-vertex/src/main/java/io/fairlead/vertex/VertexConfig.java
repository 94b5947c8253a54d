package io.fairlead.vertex;

import com.google.api.gax.core.CredentialsProvider;
import com.google.api.gax.rpc.TransportChannelProvider;
import com.google.cloud.storage.Storage;
import io.fairlead.grammar.Problems;
import io.fairlead.provider.Loopback;
import io.fairlead.spi.Settings;
import java.net.URI;
import java.net.http.HttpClient;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Settings of the platform {@code vertex}.
 *
 * <pre>{@code
 * VertexConfig config = VertexConfig.of("my-project", "us-central1").withArtifactBucket("my-models");
 * }</pre>
 *
 * <p>Clients are created when they are first needed, and share one channel. A transport or a storage client that the
 * caller passes is not closed by the platform.
 */
public final class VertexConfig extends Settings<VertexConfig.Draft> {
  /** Includes the loading of the SDK's classes by the first call, which takes seconds on a busy machine. */
  static final Duration CALL_TIMEOUT = Duration.ofSeconds(30);

  /** The universe domain of Google's own cloud. */
  static final String GOOGLE = "googleapis.com";

  private static final Pattern PROJECT =
      Pattern.compile("([a-z][a-z0-9.-]*:)?[a-z][a-z0-9-]{4,28}[a-z0-9]|[0-9]{1,19}");
  private static final Pattern LOCATION = Pattern.compile("[a-z]+(-[a-z]+)+[0-9]+");
  private static final Pattern BUCKET = Pattern.compile("[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]");
  private static final Pattern DOMAIN =
      Pattern.compile("[a-z0-9]([a-z0-9-]*[a-z0-9])?(\\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+");
  private static final Pattern ENCRYPTION_KEY = Pattern.compile(
      "projects/[^/]+/locations/([^/]+)/keyRings/[A-Za-z0-9_-]{1,63}/cryptoKeys/[A-Za-z0-9_-]{1,63}");
  private static final Pattern LABEL_KEY =
      Pattern.compile("[\\p{Ll}\\p{Lo}][\\p{Ll}\\p{Lo}0-9_-]{0,62}");
  private static final Pattern LABEL_VALUE = Pattern.compile("[\\p{Ll}\\p{Lo}0-9_-]{0,63}");
  /** Vertex AI takes 64, of which the library needs some. */
  static final int MOST_LABELS = 24;

  private static final Pattern HOST_AND_PORT = Pattern.compile("[A-Za-z0-9.\\[\\]:-]+:[0-9]{1,5}");

  static final class Draft extends Settings.Draft {
    String project = "";
    String location = "";
    Optional<String> artifactBucket = Optional.empty();
    Optional<String> endpoint = Optional.empty();
    boolean plaintext;
    Optional<URI> storageEndpoint = Optional.empty();
    Optional<CredentialsProvider> credentials = Optional.empty();
    Optional<TransportChannelProvider> transport = Optional.empty();
    Optional<Storage> storage = Optional.empty();
    Optional<VertexHosts> hosts = Optional.empty();
    Optional<HttpClient> httpClient = Optional.empty();
    Map<String, String> labels = Map.of();
    Optional<String> encryptionKey = Optional.empty();
    Optional<String> quotaProject = Optional.empty();
    String universeDomain = GOOGLE;
    Duration callTimeout = CALL_TIMEOUT;
  }

  /** Without lambdas: each is linked when it is first met, and these would be half of what it costs to open the platform. */
  VertexConfig(Draft draft) {
    super(draft);
    Problems problems = Problems.in("VertexConfig");
    check(draft.labels, problems);
    problems
        .check(
            PROJECT.matcher(draft.project).matches(),
            "project",
            "must be a project id, of 6 to 30 lowercase letters, digits and hyphens, or its number",
            draft.project)
        .check(
            LOCATION.matcher(draft.location).matches(),
            "location",
            "must be a region of Google Cloud, such as us-central1",
            draft.location)
        .check(
            isEmptyOr(BUCKET, draft.artifactBucket),
            "artifactBucket",
            "must be the name of a bucket without gs://",
            draft.artifactBucket.orElse(""))
        .check(
            isEmptyOr(HOST_AND_PORT, draft.endpoint),
            "endpoint",
            "must be host:port, without a scheme",
            draft.endpoint.orElse(""))
        .check(
            draft.httpClient.isEmpty()
                || draft.httpClient.get().followRedirects() == HttpClient.Redirect.NEVER,
            "httpClient",
            "must not follow redirects, which would take the credentials to other hosts")
        .check(
            !draft.plaintext
                || (draft.endpoint.isPresent() && Loopback.isHostAndPort(draft.endpoint.get())),
            "plaintext",
            "must be false, unless the endpoint is on this machine, such as 127.0.0.1:8080",
            draft.plaintext)
        .check(
            draft.storageEndpoint.isEmpty() || isAllowed(draft.storageEndpoint.get()),
            "storageEndpoint",
            "must be https, or http on this machine",
            draft.storageEndpoint.isEmpty() ? "" : draft.storageEndpoint.get().toString())
        .check(
            DOMAIN.matcher(draft.universeDomain).matches(),
            "universeDomain",
            "must be a domain name in lowercase letters, such as " + GOOGLE,
            draft.universeDomain)
        .check(
            draft.encryptionKey.isEmpty() || isKeyOf(draft.location, draft.encryptionKey.get()),
            "encryptionKey",
            "must be projects/PROJECT/locations/LOCATION/keyRings/RING/cryptoKeys/KEY, without a version, in the "
                + "location that is served in",
            draft.encryptionKey.orElse(""))
        .check(
            isEmptyOr(PROJECT, draft.quotaProject),
            "quotaProject",
            "must be a project id, of 6 to 30 lowercase letters, digits and hyphens, or its number",
            draft.quotaProject.orElse(""))
        .check(
            draft.callTimeout.compareTo(Duration.ZERO) > 0,
            "callTimeout",
            "must be more than 0",
            draft.callTimeout)
        .throwIfAny();
  }

  private static boolean isEmptyOr(Pattern pattern, Optional<String> text) {
    return text.isEmpty() || pattern.matcher(text.get()).matches();
  }

  private static void check(Map<String, String> labels, Problems problems) {
    problems.check(
        labels.size() <= MOST_LABELS,
        "labels",
        "must be at most " + MOST_LABELS + ", which is what Vertex AI has room for",
        labels.size());
    for (Map.Entry<String, String> label : labels.entrySet()) {
      check(label.getKey(), label.getValue(), problems);
    }
  }

  private static void check(String key, String value, Problems problems) {
    problems
        .check(
            LABEL_KEY.matcher(key).matches(),
            "labels",
            "must have keys of 1 to 63 lowercase letters, digits, underscores and hyphens, the first a letter",
            key)
        .check(
            !key.startsWith("fairlead_") && !key.startsWith("goog-"),
            "labels",
            "must not have keys that begin with fairlead_ or goog-, which are the library's and Google's own",
            key)
        .check(
            LABEL_VALUE.matcher(value).matches(),
            "labels",
            "must have values of at most 63 lowercase letters, digits, underscores and hyphens",
            value);
  }

  private static boolean isKeyOf(String location, String name) {
    Matcher key = ENCRYPTION_KEY.matcher(name);
    return key.matches() && key.group(1).equals(location);
  }

  public static VertexConfig of(String project, String location) {
    Draft draft = new Draft();
    draft.project = project;
    draft.location = location;
    return new VertexConfig(draft);
  }

  /** {@return the id or the number of the Google Cloud project} */
  public String project() {
    return draft().project;
  }

  /** {@return the region to serve in, such as {@code us-central1}} */
  public String location() {
    return draft().location;
  }

  /**
   * {@return the bucket of Cloud Storage that local files are uploaded to, in the same region; without one they are
   * refused}
   */
  public Optional<String> artifactBucket() {
    return draft().artifactBucket;
  }

  /** {@return the endpoint of Vertex AI, as {@code host:port}; by default the region's own host} */
  public Optional<String> endpoint() {
    return draft().endpoint;
  }

  /** {@return whether the endpoint is an emulator on this machine, without TLS and without credentials} */
  public boolean plaintext() {
    return draft().plaintext;
  }

  /** {@return the endpoint of Cloud Storage in place of Google's, such as an emulator} */
  public Optional<URI> storageEndpoint() {
    return draft().storageEndpoint;
  }

  /** {@return the caller's own credentials provider; by default the application default credentials} */
  public Optional<CredentialsProvider> credentials() {
    return draft().credentials;
  }

  /**
   * {@return the caller's own gRPC transport, for proxies, interceptors and certificates}
   *
   * <p>One that needs an endpoint is opened once for each host, by {@code withEndpoint}: for the region's, and for that
   * of each dedicated endpoint. One that has an address of its own answers for all hosts.
   */
  public Optional<TransportChannelProvider> transport() {
    return draft().transport;
  }

  /** {@return the caller's own client of Cloud Storage} */
  public Optional<Storage> storage() {
    return draft().storage;
  }

  /** {@return the hosts at which endpoints that have a host of their own are invoked; by default Google's} */
  public Optional<VertexHosts> hosts() {
    return draft().hosts;
  }

  /** {@return the caller's own HTTP client, by which models with invoke routes are invoked} */
  public Optional<HttpClient> httpClient() {
    return draft().httpClient;
  }

  /** {@return the labels of all that is created; those of a model's metadata come first} */
  public Map<String, String> labels() {
    return draft().labels;
  }

  /** {@return the name of the Cloud KMS key that encrypts what is created; by default Google's own} */
  public Optional<String> encryptionKey() {
    return draft().encryptionKey;
  }

  /** {@return the project that quotas and costs of calls are counted for; by default the credentials'} */
  public Optional<String> quotaProject() {
    return draft().quotaProject;
  }

  /**
   * {@return the universe domain, under which the services' hosts are; {@code googleapis.com} unless the project is
   * in another universe, such as a sovereign cloud}
   */
  public String universeDomain() {
    return draft().universeDomain;
  }

  /** {@return the timeout of one call, except invocations of models} */
  public Duration callTimeout() {
    return draft().callTimeout;
  }

  public VertexConfig withArtifactBucket(String bucket) {
    return new VertexConfig(with(draft -> draft.artifactBucket = Optional.of(bucket)));
  }

  /** {@return a copy with another endpoint of Vertex AI, over TLS} */
  public VertexConfig withEndpoint(String hostAndPort) {
    return withEndpoint(hostAndPort, false);
  }

  /** {@return a copy with an emulator of Vertex AI on this machine} */
  public VertexConfig withPlaintextEndpoint(String hostAndPort) {
    return withEndpoint(hostAndPort, true);
  }

  private VertexConfig withEndpoint(String hostAndPort, boolean plaintext) {
    return new VertexConfig(with(draft -> {
      draft.endpoint = Optional.of(hostAndPort);
      draft.plaintext = plaintext;
    }));
  }

  public VertexConfig withStorageEndpoint(URI endpoint) {
    return new VertexConfig(with(draft -> draft.storageEndpoint = Optional.of(endpoint)));
  }

  public VertexConfig withCredentials(CredentialsProvider credentials) {
    return new VertexConfig(with(draft -> draft.credentials = Optional.of(credentials)));
  }

  public VertexConfig withTransport(TransportChannelProvider transport) {
    return new VertexConfig(with(draft -> draft.transport = Optional.of(transport)));
  }

  public VertexConfig withStorage(Storage storage) {
    return new VertexConfig(with(draft -> draft.storage = Optional.of(storage)));
  }

  /**
   * {@return a copy with labels for models, endpoints and monitoring jobs}
   *
   * <p>A label that changes is changed on what is deployed again, which is not replaced for it.
   *
   * @param labels at most 24, by Google Cloud's rules for keys and values
   */
  public VertexConfig withLabels(Map<String, String> labels) {
    return new VertexConfig(with(draft -> draft.labels = labels));
  }

  /**
   * {@return a copy with a customer-managed encryption key for models, endpoints, pools, monitoring jobs and uploads}
   *
   * @param key its name, {@code projects/PROJECT/locations/LOCATION/keyRings/RING/cryptoKeys/KEY}, in the same location
   */
  public VertexConfig withEncryptionKey(String key) {
    return new VertexConfig(with(draft -> draft.encryptionKey = Optional.of(key)));
  }

  public VertexConfig withQuotaProject(String project) {
    return new VertexConfig(with(draft -> draft.quotaProject = Optional.of(project)));
  }

  /**
   * {@return a copy that invokes dedicated and private endpoints at hosts of the caller's choice}
   *
   * <p>These hosts get the credentials, so they have to be the caller's own or Google's.
   */
  public VertexConfig withHosts(VertexHosts hosts) {
    return new VertexConfig(with(draft -> draft.hosts = Optional.of(hosts)));
  }

  /** {@return a copy with a client for HTTPS, such as one with a proxy or certificates; it stays open} */
  public VertexConfig withHttpClient(HttpClient client) {
    return new VertexConfig(with(draft -> draft.httpClient = Optional.of(client)));
  }

  /** {@return a copy in another universe of Google Cloud; the credentials have to be of the same universe} */
  public VertexConfig withUniverseDomain(String domain) {
    return new VertexConfig(with(draft -> draft.universeDomain = domain));
  }

  public VertexConfig withCallTimeout(Duration timeout) {
    return new VertexConfig(with(draft -> draft.callTimeout = timeout));
  }

  private static boolean isAllowed(URI uri) {
    return "https".equals(uri.getScheme())
        || ("http".equals(uri.getScheme()) && Loopback.isHostOf(uri));
  }

  @Override
  public String toString() {
    return "VertexConfig[project=" + project() + ", location=" + location() + ", artifactBucket="
        + artifactBucket().orElse("none") + ", endpoint=" + endpoint().orElse("the region's")
        + (plaintext() ? " in plaintext" : "") + ", credentials="
        + (credentials().isPresent() ? "given" : plaintext() ? "none" : "application default")
        + "]";
  }
}
