package io.fairlead.vertex.internal;

import com.google.api.client.http.ByteArrayContent;
import com.google.api.client.http.GenericUrl;
import com.google.api.client.http.HttpRequest;
import com.google.api.client.http.HttpResponse;
import com.google.auth.Credentials;
import com.google.auth.http.HttpCredentialsAdapter;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.ListValue;
import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import com.google.protobuf.util.JsonFormat;
import io.fairlead.vertex.VertexConfig;
import io.fairlead.vertex.internal.storage.StorageTransport;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The last log lines of the containers of a deployed model, from Cloud Logging.
 *
 * <p>Best effort: if the lines cannot be read within a few seconds, the message has a link to the log only.
 */
final class ContainerLog {
  private static final Logger LOG = LoggerFactory.getLogger(ContainerLog.class);
  private static final Duration LIMIT = Duration.ofSeconds(5);
  private static final int LINES = 20;
  private static final int LONGEST_LINE = 300;
  private static final String CONSOLE = "https://console.cloud.google.com/logs/query;query=";

  private final VertexConfig config;
  private final VertexClients clients;
  private final Optional<URI> entries;

  /**
   * Creates a log.
   *
   * @param entries the URI that lists entries; empty where there is none, such as of an emulator
   */
  ContainerLog(VertexConfig config, VertexClients clients, Optional<URI> entries) {
    this.config = config;
    this.clients = clients;
    this.entries = entries;
  }

  /** {@return the URI by which Cloud Logging lists entries, in a universe of Google Cloud} */
  static URI entries(String universeDomain) {
    return URI.create("https://logging." + universeDomain + "/v2/entries:list");
  }

  /** {@return sentences on the log of a deployed model that did not start} */
  String describe(String endpoint, String deployedModelId) {
    String filter = "resource.type=\"aiplatform.googleapis.com/Endpoint\""
        + " resource.labels.endpoint_id=\"" + endpoint + "\""
        + " labels.deployed_model_id=\"" + deployedModelId + "\"";
    List<String> lines = entries.map(uri -> read(uri, filter)).orElse(List.of());
    String link = "Its log: " + CONSOLE + URLEncoder.encode(filter, StandardCharsets.UTF_8)
        + "?project=" + config.project();
    return lines.isEmpty()
        ? link
        : "The last lines of its log:\n  " + String.join("\n  ", lines) + "\n" + link;
  }

  private List<String> read(URI uri, String filter) {
    try {
      HttpRequest request = new StorageTransport(LIMIT)
          .createRequestFactory(authorized())
          .buildPostRequest(
              new GenericUrl(uri), ByteArrayContent.fromString("application/json", query(filter)));
      request.setNumberOfRetries(0);
      HttpResponse answer = request.execute();
      try {
        return lines(answer.parseAsString());
      } finally {
        answer.disconnect();
      }
    } catch (IOException | RuntimeException e) {
      LOG.debug("The container's log cannot be read", e);
      return List.of();
    }
  }

  private @Nullable HttpCredentialsAdapter authorized() throws IOException {
    Credentials found = clients.credentials().getCredentials();
    return found == null ? null : new HttpCredentialsAdapter(found);
  }

  private String query(String filter) throws InvalidProtocolBufferException {
    Value projects = Value.newBuilder()
        .setListValue(ListValue.newBuilder().addValues(text("projects/" + config.project())))
        .build();
    return JsonFormat.printer()
        .print(Struct.newBuilder()
            .putFields("resourceNames", projects)
            .putFields("filter", text(filter))
            .putFields("orderBy", text("timestamp desc"))
            .putFields("pageSize", Value.newBuilder().setNumberValue(LINES).build()));
  }

  private static Value text(String value) {
    return Value.newBuilder().setStringValue(value).build();
  }

  /** {@return the texts of the entries, the oldest first} */
  private static List<String> lines(String json) throws InvalidProtocolBufferException {
    Struct.Builder answer = Struct.newBuilder();
    JsonFormat.parser().merge(json, answer);
    List<String> lines = new ArrayList<>();
    for (Value entry : answer
        .getFieldsOrDefault("entries", Value.getDefaultInstance())
        .getListValue()
        .getValuesList()) {
      Struct fields = entry.getStructValue();
      String text = fields.containsFields("textPayload")
          ? fields.getFieldsOrThrow("textPayload").getStringValue()
          : fields
              .getFieldsOrDefault("jsonPayload", Value.getDefaultInstance())
              .getStructValue()
              .getFieldsOrDefault("message", Value.getDefaultInstance())
              .getStringValue();
      String line = text.strip();
      if (!line.isEmpty()) {
        lines.add(line.length() <= LONGEST_LINE ? line : line.substring(0, LONGEST_LINE) + "...");
      }
    }
    Collections.reverse(lines);
    return lines;
  }
}
