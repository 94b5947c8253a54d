package io.fairlead.azureml;

import com.azure.core.credential.TokenCredential;
import com.azure.core.http.HttpClient;
import io.fairlead.grammar.Problems;
import io.fairlead.provider.Loopback;
import io.fairlead.spi.Settings;
import java.net.URI;
import java.time.Duration;
import java.util.HashSet;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Settings of the platform {@code azureml}.
 *
 * <pre>{@code
 * AzureMlConfig config = AzureMlConfig.of("00000000-0000-0000-0000-000000000000", "models", "my-workspace");
 * }</pre>
 *
 * <p>Clients are created when they are first needed. A client or credential that the caller passes is not closed by the
 * platform.
 */
public final class AzureMlConfig extends Settings<AzureMlConfig.Draft> {
  /** The version of the API of Azure Machine Learning that is used unless another is set. */
  public static final String API_VERSION = "2024-10-01";

  static final Duration CALL_TIMEOUT = Duration.ofSeconds(60);
  static final String DATASTORE = "workspaceblobstore";
  /** The prefix of the names of the tags that evaluation rules are kept as. */
  private static final String EVALUATION = "evaluation-";
  /** Azure allows 50 tags on a resource, of which the library needs up to 25. */
  static final int MOST_TAGS = 25;

  private static final int LONGEST_TAG_NAME = 128;
  private static final int LONGEST_TAG_VALUE = 256;
  private static final Pattern SUBSCRIPTION =
      Pattern.compile("[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}");
  private static final Pattern RESOURCE_GROUP =
      Pattern.compile("[\\p{L}\\p{N}_.()-]{0,89}[\\p{L}\\p{N}_()-]");
  private static final Pattern WORKSPACE = Pattern.compile("[a-zA-Z0-9][a-zA-Z0-9_-]{2,32}");
  private static final Pattern VERSION = Pattern.compile("\\d{4}-\\d{2}-\\d{2}(-preview)?");
  private static final Pattern DATASTORE_NAME = Pattern.compile("[a-zA-Z0-9_]{1,255}");
  private static final Pattern RESERVED =
      Pattern.compile("^(fairlead-|microsoft|azure|windows)", Pattern.CASE_INSENSITIVE);
  private static final Pattern TAG_NAME = Pattern.compile("[^<>%&\\\\?/\\p{Cntrl}]+");

  static final class Draft extends Settings.Draft {
    String subscription = "";
    String resourceGroup = "";
    String workspace = "";
    AzureMlCloud cloud = AzureMlCloud.PUBLIC;
    Optional<URI> endpoint = Optional.empty();
    Optional<URI> storageEndpoint = Optional.empty();
    String apiVersion = API_VERSION;
    String datastore = DATASTORE;
    Optional<TokenCredential> credential = Optional.empty();
    Optional<HttpClient> httpClient = Optional.empty();
    Optional<java.net.http.HttpClient> scoringClient = Optional.empty();
    Map<String, String> tags = Map.of();
    Duration callTimeout = CALL_TIMEOUT;
  }

  AzureMlConfig(Draft draft) {
    super(draft);
    Problems problems = Problems.in("AzureMlConfig")
        .check(
            SUBSCRIPTION.matcher(draft.subscription).matches(),
            "subscription",
            "must be the id of a subscription, such as 00000000-0000-0000-0000-000000000000",
            draft.subscription)
        .check(
            RESOURCE_GROUP.matcher(draft.resourceGroup).matches(),
            "resourceGroup",
            "must be the name of a resource group: at most 90 letters, digits and _ . ( ) -, without a full stop at "
                + "its end",
            draft.resourceGroup)
        .check(
            WORKSPACE.matcher(draft.workspace).matches(),
            "workspace",
            "must be the name of a workspace: 3 to 33 letters, digits, underscores and hyphens",
            draft.workspace)
        .check(
            draft.endpoint.filter(uri -> !isHost(uri)).isEmpty(),
            "endpoint",
            "must be https://HOST, or http on this machine, without a path",
            draft.endpoint.map(URI::toString).orElse(""))
        .check(
            draft.storageEndpoint.filter(uri -> !isHost(uri)).isEmpty(),
            "storageEndpoint",
            "must be https://HOST, or http on this machine, without a path",
            draft.storageEndpoint.map(URI::toString).orElse(""))
        .check(
            VERSION.matcher(draft.apiVersion).matches(),
            "apiVersion",
            "must be a version of the API, such as " + API_VERSION,
            draft.apiVersion)
        .check(
            DATASTORE_NAME.matcher(draft.datastore).matches(),
            "datastore",
            "must be the name of a datastore, of letters, digits and underscores",
            draft.datastore)
        .check(
            draft
                .scoringClient
                .filter(
                    client -> client.followRedirects() != java.net.http.HttpClient.Redirect.NEVER)
                .isEmpty(),
            "scoringClient",
            "must not follow redirects, which would take keys and tokens to other hosts")
        .check(
            draft.callTimeout.compareTo(Duration.ZERO) > 0,
            "callTimeout",
            "must be more than 0",
            draft.callTimeout);
    checkTags("tags", draft.tags, problems);
    draft
        .tags
        .keySet()
        .forEach(name -> problems.check(
            !name.startsWith(EVALUATION),
            "tags",
            "must not have names that begin with " + EVALUATION
                + ", which the rules of AzureMlRouting have",
            name));
    problems.throwIfAny();
  }

  /** Notes the tags that Azure would refuse, or that are the library's own. */
  public static void checkTags(String field, Map<String, String> tags, Problems problems) {
    problems.check(
        tags.size() <= MOST_TAGS,
        field,
        "must be at most " + MOST_TAGS
            + ", because Azure takes 50 on a resource and the library needs the rest",
        tags.size());
    Set<String> names = new HashSet<>();
    tags.forEach((name, value) -> problems
        .check(
            names.add(name.toLowerCase(Locale.ROOT)),
            field,
            "must not have two names that differ in the case of letters only, which Azure takes for one",
            name)
        .check(
            TAG_NAME.matcher(name).matches() && name.length() <= LONGEST_TAG_NAME,
            field,
            "must have names of 1 to " + LONGEST_TAG_NAME + " characters without < > % & \\ ? /",
            name)
        .check(
            !RESERVED.matcher(name).find(),
            field,
            "must not have names that begin with fairlead-, microsoft, azure or windows, which are the library's own and "
                + "Azure's",
            name)
        .check(
            value.length() <= LONGEST_TAG_VALUE,
            field,
            "must have values of at most " + LONGEST_TAG_VALUE + " characters",
            name));
  }

  private static boolean isHost(URI uri) {
    boolean isPlain = "http".equals(uri.getScheme()) && Loopback.isHostOf(uri);
    return ("https".equals(uri.getScheme()) || isPlain)
        && uri.getHost() != null
        && (uri.getPath().isEmpty() || uri.getPath().equals("/"))
        && uri.getQuery() == null
        && uri.getUserInfo() == null;
  }

  /**
   * {@return the settings of a workspace, in Azure's public cloud and with the default credentials}
   *
   * @param subscription the id of the subscription, a GUID
   * @param resourceGroup the name of the resource group
   * @param workspace the name of the workspace
   */
  public static AzureMlConfig of(String subscription, String resourceGroup, String workspace) {
    Draft draft = new Draft();
    draft.subscription = subscription;
    draft.resourceGroup = resourceGroup;
    draft.workspace = workspace;
    return new AzureMlConfig(draft);
  }

  /** {@return the id of the subscription} */
  public String subscription() {
    return draft().subscription;
  }

  /** {@return the name of the resource group} */
  public String resourceGroup() {
    return draft().resourceGroup;
  }

  /** {@return the name of the workspace} */
  public String workspace() {
    return draft().workspace;
  }

  /** {@return the cloud, by which hosts and the scopes of tokens are chosen; by default Azure itself} */
  public AzureMlCloud cloud() {
    return draft().cloud;
  }

  /** {@return another host of Azure Resource Manager in place of the cloud's, such as an emulator} */
  public Optional<URI> endpoint() {
    return draft().endpoint;
  }

  /** {@return another host of blobs in place of the storage account's, such as an emulator: its paths are ACCOUNT/CONTAINER} */
  public Optional<URI> storageEndpoint() {
    return draft().storageEndpoint;
  }

  /** {@return the version of the API of Azure Machine Learning; by default {@value #API_VERSION}} */
  public String apiVersion() {
    return draft().apiVersion;
  }

  /** {@return the datastore that local files are uploaded to; by default the one that every workspace is created with} */
  public String datastore() {
    return draft().datastore;
  }

  /** {@return the caller's own credential; by default azure-identity's DefaultAzureCredential} */
  public Optional<TokenCredential> credential() {
    return draft().credential;
  }

  /** {@return the caller's own HTTP client for Azure Resource Manager and for blobs} */
  public Optional<HttpClient> httpClient() {
    return draft().httpClient;
  }

  /** {@return the caller's own HTTP client by which models are invoked} */
  public Optional<java.net.http.HttpClient> scoringClient() {
    return draft().scoringClient;
  }

  /** {@return the tags of all that is created, at most 25; those of a model's metadata come first} */
  public Map<String, String> tags() {
    return draft().tags;
  }

  /** {@return the timeout of one call, except invocations of models; by default 60 seconds} */
  public Duration callTimeout() {
    return draft().callTimeout;
  }

  /** {@return a copy for a workspace in another cloud of Azure} */
  public AzureMlConfig withCloud(AzureMlCloud cloud) {
    return new AzureMlConfig(with(draft -> draft.cloud = cloud));
  }

  /** {@return a copy with another host of Azure Resource Manager; the scope of tokens stays the cloud's} */
  public AzureMlConfig withEndpoint(URI endpoint) {
    return new AzureMlConfig(with(draft -> draft.endpoint = Optional.of(endpoint)));
  }

  /** {@return a copy with another host of blobs, with paths of the form ACCOUNT/CONTAINER} */
  public AzureMlConfig withStorageEndpoint(URI endpoint) {
    return new AzureMlConfig(with(draft -> draft.storageEndpoint = Optional.of(endpoint)));
  }

  /** {@return a copy with another version of the API, such as {@code 2024-10-01}} */
  public AzureMlConfig withApiVersion(String version) {
    return new AzureMlConfig(with(draft -> draft.apiVersion = version));
  }

  /** {@return a copy that uploads local files to another datastore, which is a container of blobs} */
  public AzureMlConfig withDatastore(String datastore) {
    return new AzureMlConfig(with(draft -> draft.datastore = datastore));
  }

  /** {@return a copy with the caller's own credential, for Azure Resource Manager, blobs and endpoints} */
  public AzureMlConfig withCredential(TokenCredential credential) {
    return new AzureMlConfig(with(draft -> draft.credential = Optional.of(credential)));
  }

  /** {@return a copy with a client for Azure Resource Manager and for blobs, such as one with a proxy; it stays open} */
  public AzureMlConfig withHttpClient(HttpClient client) {
    return new AzureMlConfig(with(draft -> draft.httpClient = Optional.of(client)));
  }

  /** {@return a copy with a client for invocations, such as one with a proxy or certificates; it stays open} */
  public AzureMlConfig withScoringClient(java.net.http.HttpClient client) {
    return new AzureMlConfig(with(draft -> draft.scoringClient = Optional.of(client)));
  }

  /**
   * {@return a copy with tags for models, environments, code, endpoints, deployments and autoscale settings}
   *
   * <p>A tag that changes is changed on what is deployed again, which is not replaced for it.
   */
  public AzureMlConfig withTags(Map<String, String> tags) {
    return new AzureMlConfig(with(draft -> draft.tags = tags));
  }

  /** {@return a copy with another timeout of one call, more than 0; it does not limit invocations} */
  public AzureMlConfig withCallTimeout(Duration timeout) {
    return new AzureMlConfig(with(draft -> draft.callTimeout = timeout));
  }

  @Override
  public String toString() {
    return "AzureMlConfig[subscription=" + subscription() + ", resourceGroup=" + resourceGroup()
        + ", workspace=" + workspace() + ", cloud=" + cloud() + ", endpoint="
        + endpoint().map(URI::toString).orElse("the cloud's") + ", credential="
        + (credential().isPresent() ? "given" : "default") + "]";
  }
}
