package io.fairlead.serverless.internal.http;

import io.fairlead.serverless.FunctionMetrics;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.prometheus.metrics.expositionformats.PrometheusTextFormatWriter;
import io.prometheus.metrics.model.snapshots.ClassicHistogramBuckets;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.CounterSnapshot.CounterDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot.GaugeDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot.HistogramDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/** The metrics of functions and requests, in Prometheus's text format. */
final class Metrics {
  private static final String FUNCTION = "function";

  private final PrometheusTextFormatWriter writer = PrometheusTextFormatWriter.create();
  private final FunctionDirectory directory;
  private final RequestStatistics statistics;

  Metrics(FunctionDirectory directory, RequestStatistics statistics) {
    this.directory = directory;
    this.statistics = statistics;
  }

  Answer answer() {
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    try {
      writer.write(body, snapshots());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return Answer.of(
        HttpResponseStatus.OK, writer.getContentType(), Unpooled.wrappedBuffer(body.toByteArray()));
  }

  private MetricSnapshots snapshots() {
    List<HttpFunction> functions = directory.names().stream()
        .sorted()
        .flatMap(name -> directory.find(name).stream())
        .toList();
    statistics.retain(functions.stream().map(HttpFunction::name).toList());
    return MetricSnapshots.builder()
        .metricSnapshot(requests())
        .metricSnapshot(durations())
        .metricSnapshot(counter(
            functions,
            "fairlead_invocations",
            "Accepted invocations, over HTTP and in the process, since the function was deployed",
            FunctionMetrics::invocations))
        .metricSnapshot(counter(
            functions,
            "fairlead_refused_invocations",
            "Invocations refused because the queue was full, since the function was deployed",
            FunctionMetrics::refused))
        .metricSnapshot(counter(
            functions,
            "fairlead_cold_starts",
            "Instances started since the function was deployed",
            FunctionMetrics::coldStarts))
        .metricSnapshot(
            gauge(functions, "fairlead_queue", "Waiting invocations", FunctionMetrics::waiting))
        .metricSnapshot(gauge(
            functions,
            "fairlead_running_invocations",
            "Running invocations, those included whose callers have gone",
            FunctionMetrics::running))
        .metricSnapshot(gauge(
            functions,
            "fairlead_stuck_invocations",
            "Running invocations that did not stop after their deadline",
            FunctionMetrics::stuck))
        .metricSnapshot(instances(functions))
        .metricSnapshot(memory(functions))
        .metricSnapshot(single(
            "fairlead_memory_used_bytes",
            "Memory that the instances of all functions take",
            (double) directory.usedMemoryBytes()))
        .metricSnapshot(single(
            "fairlead_memory_limit_bytes",
            "Memory that the instances of all functions may take",
            (double) directory.memoryBytes()))
        .build();
  }

  private CounterSnapshot requests() {
    CounterSnapshot.Builder counter = CounterSnapshot.builder()
        .name("fairlead_http_requests")
        .help("HTTP requests by function, empty for a route without one, and status");
    statistics.all().forEach((function, series) -> {
      for (Map.Entry<Integer, Long> count : series.byStatus().entrySet()) {
        counter.dataPoint(CounterDataPointSnapshot.builder()
            .labels(Labels.of(FUNCTION, function, "status", String.valueOf(count.getKey())))
            .value(count.getValue())
            .build());
      }
    });
    return counter.build();
  }

  private HistogramSnapshot durations() {
    double[] bounds = Arrays.copyOf(RequestStatistics.BOUNDS, RequestStatistics.BOUNDS.length + 1);
    bounds[bounds.length - 1] = Double.POSITIVE_INFINITY;
    HistogramSnapshot.Builder histogram = HistogramSnapshot.builder()
        .name("fairlead_http_request_duration_seconds")
        .help("Time from the head of a request to the end of its response");
    statistics
        .all()
        .forEach((function, series) -> histogram.dataPoint(HistogramDataPointSnapshot.builder()
            .labels(Labels.of(FUNCTION, function))
            .classicHistogramBuckets(ClassicHistogramBuckets.of(bounds, series.buckets()))
            .sum(series.seconds())
            .build()));
    return histogram.build();
  }

  private static CounterSnapshot counter(
      List<HttpFunction> functions,
      String name,
      String help,
      ToDoubleFunction<FunctionMetrics> value) {
    CounterSnapshot.Builder counter = CounterSnapshot.builder().name(name).help(help);
    functions.forEach(function -> counter.dataPoint(CounterDataPointSnapshot.builder()
        .labels(Labels.of(FUNCTION, function.name()))
        .value(value.applyAsDouble(function.metrics()))
        .build()));
    return counter.build();
  }

  private static GaugeSnapshot gauge(
      List<HttpFunction> functions,
      String name,
      String help,
      ToDoubleFunction<FunctionMetrics> value) {
    GaugeSnapshot.Builder gauge = GaugeSnapshot.builder().name(name).help(help);
    functions.forEach(function -> gauge.dataPoint(
        point(Labels.of(FUNCTION, function.name()), value.applyAsDouble(function.metrics()))));
    return gauge.build();
  }

  private static GaugeSnapshot instances(List<HttpFunction> functions) {
    GaugeSnapshot.Builder gauge =
        GaugeSnapshot.builder().name("fairlead_instances").help("Instances by state");
    for (HttpFunction function : functions) {
      FunctionMetrics metrics = function.metrics();
      gauge.dataPoint(point(states(function, "starting"), metrics.starting()));
      gauge.dataPoint(point(states(function, "ready"), metrics.ready()));
      gauge.dataPoint(point(states(function, "draining"), metrics.draining()));
    }
    return gauge.build();
  }

  private static Labels states(HttpFunction function, String state) {
    return Labels.of(FUNCTION, function.name(), "state", state);
  }

  private static GaugeSnapshot memory(List<HttpFunction> functions) {
    GaugeSnapshot.Builder gauge = GaugeSnapshot.builder()
        .name("fairlead_function_memory_bytes")
        .help("Memory that a function's instances take, by its limit for each");
    functions.forEach(function -> {
      FunctionMetrics metrics = function.metrics();
      gauge.dataPoint(point(
          Labels.of(FUNCTION, function.name()),
          (double) metrics.instances() * metrics.memoryBytes()));
    });
    return gauge.build();
  }

  private static GaugeSnapshot single(String name, String help, double value) {
    return GaugeSnapshot.builder()
        .name(name)
        .help(help)
        .dataPoint(point(Labels.EMPTY, value))
        .build();
  }

  private static GaugeDataPointSnapshot point(Labels labels, double value) {
    return GaugeDataPointSnapshot.builder().labels(labels).value(value).build();
  }
}
