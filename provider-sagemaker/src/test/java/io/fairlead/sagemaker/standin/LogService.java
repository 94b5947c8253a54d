package io.fairlead.sagemaker.standin;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** CloudWatch Logs, as far as it is read: the newest streams of a group, and their last lines. */
final class LogService {
  private record Stream(long created, List<String> lines) {}

  private final Account account;
  private final Map<String, Map<String, Stream>> groups = new LinkedHashMap<>();

  LogService(Account account) {
    this.account = account;
  }

  void add(String group, String stream, List<String> lines) {
    long now = account.time().now().toEpochMilli();
    groups
        .computeIfAbsent(group, key -> new LinkedHashMap<>())
        .computeIfAbsent(stream, key -> new Stream(now, new ArrayList<>()))
        .lines()
        .addAll(lines);
  }

  ObjectNode answer(Call call) {
    ObjectNode in = call.json();
    Map<String, Stream> group = groups.get(in.path("logGroupName").asText());
    if (group == null) {
      throw AwsError.of(
          400, "ResourceNotFoundException", "The specified log group does not exist.");
    }
    return switch (call.operation()) {
      case "DescribeLogStreams" -> describe(in, group);
      case "GetLogEvents" -> events(in, group);
      default ->
        throw AwsError.of(400, "UnknownOperationException", call.operation() + " is not known");
    };
  }

  private static ObjectNode describe(ObjectNode in, Map<String, Stream> group) {
    if (in.hasNonNull("logStreamNamePrefix")
        && in.path("orderBy").asText().equals("LastEventTime")) {
      throw AwsError.of(
          400,
          "InvalidParameterException",
          "Cannot order by LastEventTime with a logStreamNamePrefix.");
    }
    List<Map.Entry<String, Stream>> newest = new ArrayList<>(group.entrySet());
    newest.sort(
        (one, other) -> Long.compare(other.getValue().created(), one.getValue().created()));
    ObjectNode said = Json.object();
    ArrayNode streams = said.putArray("logStreams");
    newest.stream()
        .limit(in.path("limit").asInt(50))
        .forEach(stream -> streams
            .addObject()
            .put("logStreamName", stream.getKey())
            .put("creationTime", stream.getValue().created()));
    return said;
  }

  private static ObjectNode events(ObjectNode in, Map<String, Stream> group) {
    Stream stream = group.get(in.path("logStreamName").asText());
    if (stream == null) {
      throw AwsError.of(
          400, "ResourceNotFoundException", "The specified log stream does not exist.");
    }
    List<String> lines = stream.lines();
    int limit = in.path("limit").asInt(10_000);
    ObjectNode said = Json.object();
    ArrayNode events = said.putArray("events");
    lines
        .subList(Math.max(0, lines.size() - limit), lines.size())
        .forEach(
            line -> events.addObject().put("message", line).put("timestamp", stream.created()));
    return said;
  }
}
