package io.fairlead.serverless.internal.http;

import com.fasterxml.jackson.core.JsonGenerator;
import io.fairlead.serverless.FunctionMetrics;
import java.io.IOException;
import java.time.Duration;
import java.util.Collection;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** The status of the server and of its functions, as JSON. */
final class Status {
  private final FunctionDirectory directory;
  private final RequestStatistics statistics;
  private final long startedAt = System.nanoTime();

  Status(FunctionDirectory directory, RequestStatistics statistics) {
    this.directory = directory;
    this.statistics = statistics;
  }

  void write(JsonGenerator json, boolean ready) throws IOException {
    Collection<String> names = new TreeSet<>(directory.names());
    statistics.retain(names);
    long now = System.nanoTime();
    json.writeStringField("name", "fairlead");
    json.writeStringField("version", Version.of());
    // As version 1 of the protocol has it, which KServe's client asks by default.
    json.writeStringField("status", directory.isClosing() ? "closing" : "alive");
    json.writeBooleanField("ready", ready);
    json.writeNumberField("uptime_seconds", Duration.ofNanos(now - startedAt).toSeconds());
    json.writeObjectFieldStart("memory");
    json.writeNumberField("used_bytes", directory.usedMemoryBytes());
    json.writeNumberField("limit_bytes", directory.memoryBytes());
    json.writeEndObject();
    json.writeNumberField("slot_seconds", RequestStatistics.SLOT.toSeconds());
    json.writeArrayFieldStart("functions");
    for (String name : names) {
      HttpFunction function = directory.find(name).orElse(null);
      if (function != null) {
        json.writeStartObject();
        write(json, function, now);
        json.writeEndObject();
      }
    }
    json.writeEndArray();
  }

  private void write(JsonGenerator json, HttpFunction function, long now) throws IOException {
    FunctionMetrics metrics = function.metrics();
    json.writeStringField("name", function.name());
    if (function.version().isPresent()) {
      json.writeStringField("version", function.version().get());
    }
    json.writeStringField("state", state(function, metrics));
    json.writeObjectFieldStart("instances");
    json.writeNumberField("starting", metrics.starting());
    json.writeNumberField("ready", metrics.ready());
    json.writeNumberField("draining", metrics.draining());
    json.writeEndObject();
    json.writeNumberField("running", metrics.running());
    json.writeNumberField("waiting", metrics.waiting());
    json.writeNumberField("stuck", metrics.stuck());
    json.writeNumberField("cold_starts", metrics.coldStarts());
    json.writeNumberField("invocations", metrics.invocations());
    json.writeNumberField("refused", metrics.refused());
    json.writeNumberField("memory_bytes", metrics.instances() * metrics.memoryBytes());
    write(json, statistics.of(function.name()), now);
  }

  private static String state(HttpFunction function, FunctionMetrics metrics) {
    if (!function.isReady()) {
      return "FAILING";
    }
    if (metrics.ready() > 0) {
      return "READY";
    }
    return metrics.starting() > 0 ? "STARTING" : "IDLE";
  }

  private static void write(JsonGenerator json, RequestStatistics.@Nullable Series series, long now)
      throws IOException {
    long[] none = new long[RequestStatistics.SLOTS];
    RequestStatistics.Recent recent = series == null ? null : series.recent(now);
    json.writeObjectFieldStart("recent");
    write(json, "succeeded", recent == null ? none : recent.succeeded, 1);
    write(json, "failed", recent == null ? none : recent.failed, 1);
    write(json, "slowest_micros", recent == null ? none : recent.slowestNanos, 1000);
    json.writeEndObject();
  }

  private static void write(JsonGenerator json, String field, long[] values, long unit)
      throws IOException {
    json.writeArrayFieldStart(field);
    for (long value : values) {
      json.writeNumber(value / unit);
    }
    json.writeEndArray();
  }
}
