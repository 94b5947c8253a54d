package io.fairlead.vertex.standin;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.longrunning.GetOperationRequest;
import com.sun.net.httpserver.HttpExchange;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Cloud Logging: what containers printed, the newest first. */
final class CloudLogging {
  static final String PATH = "/v2/entries:list";

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Pattern FILTER = Pattern.compile(
      "resource\\.type=\"aiplatform\\.googleapis\\.com/Endpoint\""
          + " resource\\.labels\\.endpoint_id=\"([^\"]+)\" labels\\.deployed_model_id=\"([^\"]+)\"");

  private final Map<String, List<String>> lines = new HashMap<>();

  void add(String endpoint, String deployedModelId, List<String> more) {
    lines
        .computeIfAbsent(endpoint + "/" + deployedModelId, key -> new ArrayList<>())
        .addAll(more);
  }

  static void handle(HttpExchange exchange) throws IOException {
    int status = 200;
    byte[] body;
    try {
      JsonNode asked = JSON.readTree(exchange.getRequestBody().readAllBytes());
      Project project = StandIn.WORLD.projectOf(GetOperationRequest.newBuilder()
          .setName(asked.path("resourceNames").path(0).asText() + "/x")
          .build());
      body = JSON.writeValueAsBytes(project.logEntries(asked));
    } catch (StatusRuntimeException e) {
      status = e.getStatus().getCode() == Status.Code.PERMISSION_DENIED ? 403 : 400;
      body = String.valueOf(e.getMessage()).getBytes(StandardCharsets.UTF_8);
    }
    exchange.getResponseHeaders().set("Content-Type", "application/json");
    exchange.sendResponseHeaders(status, body.length);
    exchange.getResponseBody().write(body);
    exchange.close();
  }

  ObjectNode list(JsonNode asked) {
    Matcher filter = FILTER.matcher(asked.path("filter").asText());
    if (!filter.matches() || !asked.path("orderBy").asText().equals("timestamp desc")) {
      throw Refusal.invalid(
          "filter", "Unparseable filter: " + asked.path("filter").asText());
    }
    List<String> all = lines.getOrDefault(filter.group(1) + "/" + filter.group(2), List.of());
    ObjectNode answer = JSON.createObjectNode();
    ArrayNode entries = answer.putArray("entries");
    int size = asked.path("pageSize").asInt();
    for (int i = all.size() - 1; i >= Math.max(0, all.size() - size); i--) {
      ObjectNode entry = entries.addObject();
      if (i % 2 == 0) {
        entry.put("textPayload", all.get(i));
      } else {
        entry.putObject("jsonPayload").put("message", all.get(i));
      }
    }
    return answer;
  }
}
