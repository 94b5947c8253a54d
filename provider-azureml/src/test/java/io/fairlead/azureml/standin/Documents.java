package io.fairlead.azureml.standin;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.net.URLEncoder;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.function.Supplier;

/** The documents of ARM: what all of them say, and pages of them. */
final class Documents {
  static final String TYPES = "Microsoft.MachineLearningServices/workspaces";

  private static final List<String> SAID = List.of("id", "name", "type", "systemData");

  private Documents() {}

  /** {@return a copy of what was put, with what the service says of each resource} */
  static ObjectNode described(
      ObjectNode put, String id, String type, String created, String modified) {
    ObjectNode said = Json.object();
    said.put("id", id);
    said.put("name", id.substring(id.lastIndexOf('/') + 1));
    said.put("type", type);
    ObjectNode kept = put.deepCopy();
    kept.remove(SAID);
    said.setAll(kept);
    ObjectNode system = said.putObject("systemData");
    system.put("createdAt", created);
    system.put("createdByType", "Application");
    system.put("lastModifiedAt", modified);
    return said;
  }

  /**
   * {@return a page of what is listed, and where the next is if there is one}
   *
   * @param all by their names, after the last of which the next page begins
   */
  static Answer page(
      Call call, Workspace workspace, SortedMap<String, ? extends Supplier<ObjectNode>> all) {
    String after = call.query("$skipToken");
    Map<String, ObjectNode> rest = new LinkedHashMap<>();
    (after.isEmpty() ? all : all.tailMap(after + "\0")).forEach((name, one) -> {
      ObjectNode said = one.get();
      if (workspace.isListed(said.path("systemData").path("createdAt").asText())) {
        rest.put(name, said);
      }
    });
    int size = workspace.pageSize();
    ObjectNode answer = Json.object();
    ArrayNode value = answer.putArray("value");
    rest.values().stream().limit(size).forEach(value::add);
    if (rest.size() > size) {
      String last = rest.keySet().stream().skip(size - 1L).findFirst().orElseThrow();
      answer.put("nextLink", next(call, last));
    }
    return Answer.json(200, answer);
  }

  private static String next(Call call, String last) {
    String query = call.rawQuery().replaceAll("&?\\$skipToken=[^&]*", "");
    String token = URLEncoder.encode(last, UTF_8);
    return call.base() + call.rawPath() + "?" + query + "&$skipToken=" + token;
  }
}
