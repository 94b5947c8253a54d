package io.fairlead.vertex;

import static java.util.Objects.requireNonNull;

import com.google.api.gax.core.CredentialsProvider;
import com.google.api.gax.rpc.TransportChannelProvider;
import com.google.cloud.storage.Storage;
import io.fairlead.grammar.Problems;
import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Settings of the platform {@code vertex}.
 *
 * <pre>{@code
 * VertexConfig config = VertexConfig.of("my-project", "us-central1").withArtifactBucket("my-models");
 * }</pre>
 *
 * <p>Clients are made when they are first needed, and share one channel. A transport or a storage client that is handed
 * in stays the caller's to close.
 *
 * @param project the id or the number of the Google Cloud project
 * @param location the region to serve in, such as {@code us-central1}
 * @param artifactBucket the bucket of Cloud Storage that files of this machine are uploaded to, in the same region; empty
 *     to refuse them
 * @param endpoint where Vertex AI answers, as {@code host:port}; by default the region's own host
 * @param plaintext whether to speak without TLS and without credentials, with an emulator on this machine
 * @param storageEndpoint where Cloud Storage answers instead of Google's, such as an emulator
 * @param credentials the caller's own source of credentials; by default the application default credentials
 * @param transport the caller's own transport, for proxies and interceptors
 * @param storage the caller's own client of Cloud Storage
 * @param callTimeout the longest that one call may take that is no request to a model
 */
public record VertexConfig(
    String project,
    String location,
    String artifactBucket,
    Optional<String> endpoint,
    boolean plaintext,
    Optional<URI> storageEndpoint,
    Optional<CredentialsProvider> credentials,
    Optional<TransportChannelProvider> transport,
    Optional<Storage> storage,
    Duration callTimeout) {
  /** The first call of a process loads the SDK's classes, which takes seconds on a busy machine. */
  static final Duration CALL_TIMEOUT = Duration.ofSeconds(30);

  private static final Pattern PROJECT =
      Pattern.compile("([a-z][a-z0-9.-]*:)?[a-z][a-z0-9-]{4,28}[a-z0-9]|[0-9]{1,19}");
  private static final Pattern LOCATION = Pattern.compile("[a-z]+(-[a-z]+)+[0-9]+");
  private static final Pattern BUCKET = Pattern.compile("[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]");
  private static final Pattern HOST_AND_PORT = Pattern.compile("[A-Za-z0-9.\\[\\]:-]+:[0-9]{1,5}");

  public VertexConfig {
    requireNonNull(project, "project");
    requireNonNull(location, "location");
    requireNonNull(artifactBucket, "artifactBucket");
    requireNonNull(endpoint, "endpoint");
    requireNonNull(storageEndpoint, "storageEndpoint");
    requireNonNull(credentials, "credentials");
    requireNonNull(transport, "transport");
    requireNonNull(storage, "storage");
    requireNonNull(callTimeout, "callTimeout");
    Problems.in("VertexConfig")
        .check(
            PROJECT.matcher(project).matches(),
            "project",
            "must be a project's id, of 6 to 30 small letters, digits and hyphens, or its number",
            project)
        .check(
            LOCATION.matcher(location).matches(),
            "location",
            "must be a region of Google Cloud, such as us-central1",
            location)
        .check(
            artifactBucket.isEmpty() || BUCKET.matcher(artifactBucket).matches(),
            "artifactBucket",
            "must be a bucket's name without gs://",
            artifactBucket)
        .check(
            endpoint.filter(text -> !HOST_AND_PORT.matcher(text).matches()).isEmpty(),
            "endpoint",
            "must be host:port, without a scheme",
            endpoint.orElse(""))
        .check(
            !plaintext || endpoint.filter(VertexConfig::isThisMachine).isPresent(),
            "plaintext",
            "must be false, unless the endpoint is on this machine, such as 127.0.0.1:8080",
            plaintext)
        .check(
            storageEndpoint.filter(uri -> !isAllowed(uri)).isEmpty(),
            "storageEndpoint",
            "must be https, or http on this machine",
            storageEndpoint.map(URI::toString).orElse(""))
        .check(
            callTimeout.compareTo(Duration.ZERO) > 0,
            "callTimeout",
            "must be more than 0",
            callTimeout)
        .throwIfAny();
  }

  public static VertexConfig of(String project, String location) {
    return new VertexConfig(
        project,
        location,
        "",
        Optional.empty(),
        false,
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        CALL_TIMEOUT);
  }

  public VertexConfig withArtifactBucket(String newBucket) {
    return new VertexConfig(
        project,
        location,
        newBucket,
        endpoint,
        plaintext,
        storageEndpoint,
        credentials,
        transport,
        storage,
        callTimeout);
  }

  /** {@return the same with another place where Vertex AI answers, over TLS} */
  public VertexConfig withEndpoint(String hostAndPort) {
    return withEndpoint(hostAndPort, false);
  }

  /** {@return the same with an emulator of Vertex AI on this machine} */
  public VertexConfig withPlaintextEndpoint(String hostAndPort) {
    return withEndpoint(hostAndPort, true);
  }

  private VertexConfig withEndpoint(String hostAndPort, boolean isPlaintext) {
    return new VertexConfig(
        project,
        location,
        artifactBucket,
        Optional.of(hostAndPort),
        isPlaintext,
        storageEndpoint,
        credentials,
        transport,
        storage,
        callTimeout);
  }

  public VertexConfig withStorageEndpoint(URI newEndpoint) {
    return new VertexConfig(
        project,
        location,
        artifactBucket,
        endpoint,
        plaintext,
        Optional.of(newEndpoint),
        credentials,
        transport,
        storage,
        callTimeout);
  }

  public VertexConfig withCredentials(CredentialsProvider newCredentials) {
    return new VertexConfig(
        project,
        location,
        artifactBucket,
        endpoint,
        plaintext,
        storageEndpoint,
        Optional.of(newCredentials),
        transport,
        storage,
        callTimeout);
  }

  public VertexConfig withTransport(TransportChannelProvider newTransport) {
    return new VertexConfig(
        project,
        location,
        artifactBucket,
        endpoint,
        plaintext,
        storageEndpoint,
        credentials,
        Optional.of(newTransport),
        storage,
        callTimeout);
  }

  public VertexConfig withStorage(Storage newStorage) {
    return new VertexConfig(
        project,
        location,
        artifactBucket,
        endpoint,
        plaintext,
        storageEndpoint,
        credentials,
        transport,
        Optional.of(newStorage),
        callTimeout);
  }

  public VertexConfig withCallTimeout(Duration newTimeout) {
    return new VertexConfig(
        project,
        location,
        artifactBucket,
        endpoint,
        plaintext,
        storageEndpoint,
        credentials,
        transport,
        storage,
        newTimeout);
  }

  private static boolean isThisMachine(String hostAndPort) {
    String host = hostAndPort.substring(0, hostAndPort.lastIndexOf(':'));
    return isLoopback(host);
  }

  private static boolean isAllowed(URI uri) {
    boolean isHttp = "http".equals(uri.getScheme());
    return "https".equals(uri.getScheme())
        || (isHttp && uri.getHost() != null && isLoopback(uri.getHost()));
  }

  private static boolean isLoopback(String host) {
    boolean isNumber = host.matches("[0-9.]+|\\[.*]");
    if (!isNumber) {
      return host.equals("localhost");
    }
    try {
      return InetAddress.getByName(host).isLoopbackAddress();
    } catch (UnknownHostException e) {
      return false;
    }
  }

  @Override
  public String toString() {
    return "VertexConfig[project=" + project + ", location=" + location + ", artifactBucket="
        + artifactBucket + ", endpoint=" + endpoint.orElse("the region's")
        + (plaintext ? " in plaintext" : "") + ", credentials="
        + (credentials.isPresent() ? "given" : plaintext ? "none" : "application default") + "]";
  }
}
