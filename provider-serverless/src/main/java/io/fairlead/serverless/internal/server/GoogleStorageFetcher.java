package io.fairlead.serverless.internal.server;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.fairlead.engine.Download;
import io.fairlead.engine.ModelFetcher;
import io.fairlead.engine.internal.fetch.HttpStatusException;
import io.fairlead.engine.internal.fetch.RemoteFile;
import io.fairlead.engine.internal.fetch.RemoteFile.Hash;
import io.fairlead.engine.internal.fetch.TarStream;
import io.fairlead.engine.internal.fetch.Web;
import io.fairlead.provider.Loopback;
import io.fairlead.provider.Sha256;
import io.fairlead.provider.TimeSource;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A fetcher of a model in a folder of Cloud Storage, as Vertex AI gives it to a container in {@code AIP_STORAGE_URI}.
 *
 * <p>It reads with the token of the machine's service account, from the metadata server.
 */
final class GoogleStorageFetcher implements ModelFetcher {
  private static final URI STORAGE = URI.create("https://storage.googleapis.com");
  private static final String STORAGE_VARIABLE = "STORAGE_EMULATOR_HOST";
  private static final String METADATA_VARIABLE = "GCE_METADATA_HOST";
  private static final String TOKEN_PATH =
      "/computeMetadata/v1/instance/service-accounts/default/token";
  private static final Duration TIMEOUT = Duration.ofSeconds(30);
  private static final Duration MAX_WAIT = Duration.ofMinutes(1);
  private static final ObjectMapper JSON = new ObjectMapper();

  private final URI storage;
  private final URI metadata;
  private final TimeSource time;

  GoogleStorageFetcher(URI storage, URI metadata, TimeSource time) {
    this.storage = storage;
    this.metadata = metadata;
    this.time = time;
  }

  /** {@return a fetcher for an environment, in which the variables of Google's own libraries name other servers} */
  static GoogleStorageFetcher of(Map<String, String> environment) {
    String host = environment.getOrDefault(STORAGE_VARIABLE, "");
    return new GoogleStorageFetcher(
        host.isEmpty() ? STORAGE : URI.create(host.contains("://") ? host : "http://" + host),
        URI.create(
            "http://" + environment.getOrDefault(METADATA_VARIABLE, "metadata.google.internal")),
        TimeSource.system());
  }

  @Override
  public Download fetch(URI location, String etag) throws IOException {
    String bucket = String.valueOf(location.getRawAuthority());
    String path =
        String.valueOf(location.getPath()).replaceFirst("^/+", "").replaceFirst("/+$", "");
    String prefix = path.isEmpty() ? "" : path + "/";
    Map<String, String> headers =
        isSafe(storage) ? Map.of("Authorization", "Bearer " + accessToken()) : Map.of();
    try {
      Web web = new Web(TIMEOUT, MAX_WAIT, time, storage, headers);
      List<TarStream.Entry> files = new ArrayList<>();
      StringBuilder versions = new StringBuilder();
      String page = "";
      do {
        JsonNode answer = JSON.readTree(web.text(storage.resolve("/storage/v1/b/" + encoded(bucket)
            + "/o?prefix=" + encoded(prefix)
            + "&fields=nextPageToken,items(name,size,crc32c,generation)"
            + (page.isEmpty() ? "" : "&pageToken=" + encoded(page)))));
        for (JsonNode item : answer.path("items")) {
          String name = item.path("name").asText();
          if (!name.endsWith("/")) {
            files.add(entry(bucket, name, name.substring(prefix.length()), item, web));
            versions
                .append(name)
                .append(' ')
                .append(item.path("generation").asText())
                .append('\n');
          }
        }
        page = answer.path("nextPageToken").asText();
      } while (!page.isEmpty());
      if (files.isEmpty()) {
        throw new NoSuchFileException(
            path, null, "there is no object below it, and a model at gs:// is a folder");
      }
      String tag = Sha256.of(versions.toString().getBytes(UTF_8));
      return tag.equals(etag)
          ? Download.unchanged()
          : Download.of(new TarStream(files))
              .withLength(TarStream.length(files))
              .withEtag(tag);
    } catch (HttpStatusException e) {
      throw explained(e, path);
    }
  }

  private TarStream.Entry entry(String bucket, String name, String shown, JsonNode item, Web web) {
    URI at = storage.resolve("/storage/v1/b/" + encoded(bucket) + "/o/" + encoded(name)
        + "?alt=media&generation=" + item.path("generation").asText());
    Optional<Hash> hash = Optional.of(item.path("crc32c").asText())
        .filter(value -> !value.isEmpty())
        .map(value -> new Hash(Hash.Kind.CRC32C, value));
    RemoteFile file = new RemoteFile(at, name, item.path("size").asLong(), hash);
    return new TarStream.Entry(
        shown,
        file.size(),
        () -> file.open(web, new RemoteFile.Server() {
          @Override
          public Optional<Hash> hash(Web.Answer answer) {
            return Optional.empty();
          }

          @Override
          public IOException explained(HttpStatusException e) {
            return GoogleStorageFetcher.explained(e, name);
          }
        }));
  }

  /** {@return whether a token may be sent there: not to an emulator on another machine, in plain text} */
  private static boolean isSafe(URI server) {
    return "https".equalsIgnoreCase(server.getScheme())
        || Loopback.isHost(String.valueOf(server.getHost()));
  }

  private String accessToken() throws IOException {
    Web web = new Web(TIMEOUT, MAX_WAIT, time, metadata, Map.of("Metadata-Flavor", "Google"));
    String token = JSON.readTree(web.text(metadata.resolve(TOKEN_PATH)))
        .path("access_token")
        .asText();
    if (token.isEmpty()) {
      throw new IOException("the metadata server has no token of a service account");
    }
    return token;
  }

  private static IOException explained(HttpStatusException e, String path) {
    String reason = String.valueOf(e.getMessage());
    return switch (e.status()) {
      case 401, 403 ->
        new AccessDeniedException(
            path,
            null,
            reason
                + "; let the service account of this machine read it (roles/storage.objectViewer)");
      case 404 -> new NoSuchFileException(path, null, reason);
      default -> e;
    };
  }

  private static String encoded(String text) {
    return URLEncoder.encode(text, UTF_8).replace("+", "%20");
  }
}
