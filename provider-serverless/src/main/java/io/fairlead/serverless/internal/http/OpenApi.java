package io.fairlead.serverless.internal.http;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fairlead.serverless.HttpSettings;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.HttpResponseStatus;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Map;

/**
 * The description of a server's routes, in OpenAPI 3.1: a document with those of every server, without what the settings
 * leave out and with what they add.
 */
final class OpenApi {
  private static final String PATHS = "paths";

  private OpenApi() {}

  static Answer answer(HttpSettings settings) {
    ObjectMapper json = new ObjectMapper();
    try (InputStream in = OpenApi.class.getResourceAsStream("openapi.json")) {
      if (in == null) {
        throw new IllegalStateException("openapi.json is missing in the jar of this class");
      }
      ObjectNode document = (ObjectNode) json.readTree(in);
      adapt(document, settings);
      return Answer.of(
              HttpResponseStatus.OK,
              Answer.JSON_TYPE,
              Unpooled.wrappedBuffer(json.writeValueAsBytes(document)))
          .with(Map.of("cache-control", "no-cache"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void adapt(ObjectNode document, HttpSettings settings) {
    ((ObjectNode) document.get("info")).put("version", Version.of());
    ObjectNode paths = (ObjectNode) document.get(PATHS);
    if (!settings.metrics()) {
      paths.remove("/metrics");
    }
    if (settings.token().isEmpty()) {
      document.remove("security");
      ((ObjectNode) document.get("components")).remove("securitySchemes");
    }
    settings
        .healthRoute()
        .filter(route -> !Target.isByModel(route))
        .ifPresent(route -> add(paths, route, "/ping", "get", "healthRoute"));
    // The same route for both is for predictions, as in Target.
    settings
        .predictRoute()
        .filter(route -> !Target.isByModel(route))
        .ifPresent(route -> add(paths, route, "/invocations", "post", "predictRoute"));
  }

  /** Describes a route that does what another does. */
  private static void add(
      ObjectNode paths, String route, String like, String method, String operationId) {
    ObjectNode item = paths.get(like).deepCopy();
    ((ObjectNode) item.get(method)).put("operationId", operationId);
    paths.set(route, item);
  }
}
