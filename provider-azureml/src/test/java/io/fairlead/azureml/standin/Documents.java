package io.fairlead.azureml.standin;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.net.URLEncoder;
import java.util.Collection;
import java.util.List;
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
  static Answer page(Call call, int size, SortedMap<String, ? extends Supplier<ObjectNode>> all) {
    String after = call.query("$skipToken");
    Collection<? extends Supplier<ObjectNode>> rest =
        after.isEmpty() ? all.values() : all.tailMap(after + "\0").values();
    ObjectNode answer = Json.object();
    ArrayNode value = answer.putArray("value");
    rest.stream().limit(size).forEach(one -> value.add(one.get()));
    if (rest.size() > size) {
      String last = (after.isEmpty() ? all : all.tailMap(after + "\0"))
          .keySet().stream().skip(size - 1L).findFirst().orElseThrow();
      answer.put("nextLink", next(call, last));
    }
    return Answer.json(200, answer);
  }

  private static String next(Call call, String last) {
    String query = String.valueOf(call.uri().getRawQuery()).replaceAll("&?\\$skipToken=[^&]*", "");
    String token = URLEncoder.encode(last, UTF_8);
    return call.base() + call.uri().getRawPath() + "?" + query + "&$skipToken=" + token;
  }
}
