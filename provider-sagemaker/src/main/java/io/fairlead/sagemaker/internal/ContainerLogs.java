package io.fairlead.sagemaker.internal;

import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Collectors;
import software.amazon.awssdk.awscore.AwsRequestOverrideConfiguration;
import software.amazon.awssdk.services.cloudwatchlogs.model.DescribeLogStreamsRequest;
import software.amazon.awssdk.services.cloudwatchlogs.model.GetLogEventsRequest;
import software.amazon.awssdk.services.cloudwatchlogs.model.LogStream;
import software.amazon.awssdk.services.cloudwatchlogs.model.OrderBy;

/**
 * The last lines of containers that did not start, from CloudWatch Logs.
 *
 * <p>Best effort: lines that cannot be read within a few seconds are left out. The message names the log group in any
 * case.
 */
final class ContainerLogs {
  private static final Duration CALL_TIMEOUT = Duration.ofSeconds(5);
  private static final int STREAMS = 50;
  private static final int LINES = 10;
  private static final int LONGEST_LINE = 300;
  private static final int MOST_KNOWN = 100;

  private final SageMakerClients clients;
  private final SageMakerErrors errors;
  private final ReentrantLock lock = new ReentrantLock();
  private final Map<Failed, String> known = new LinkedHashMap<>();

  /**
   * The containers of a variant that did not start.
   *
   * @param group the log group
   * @param variant their production variant, with which the names of their log streams begin
   * @param since the time of their first start; older streams in the group belong to other containers
   */
  record Failed(String group, String variant, Instant since) {}

  ContainerLogs(SageMakerClients clients, SageMakerErrors errors) {
    this.clients = clients;
    this.errors = errors;
  }

  static String ofEndpoint(String endpoint) {
    return "/aws/sagemaker/Endpoints/" + endpoint;
  }

  static String ofComponent(String component) {
    return "/aws/sagemaker/InferenceComponents/" + component;
  }

  /** {@return a sentence with the log group, and its last lines if they can be read} */
  String describe(Failed failed) {
    return " Its log is the CloudWatch log group " + failed.group() + lastLines(failed);
  }

  /** Reads the lines once, because a failure is polled several times. */
  private String lastLines(Failed failed) {
    lock.lock();
    try {
      String lines = known.get(failed);
      if (lines != null) {
        return lines;
      }
    } finally {
      lock.unlock();
    }
    String read = readLines(failed);
    lock.lock();
    try {
      if (known.size() >= MOST_KNOWN) {
        known.clear();
      }
      known.put(failed, read);
    } finally {
      lock.unlock();
    }
    return read;
  }

  private String readLines(Failed failed) {
    try {
      Optional<LogStream> stream = newestStream(failed);
      List<String> lines = stream.isPresent() ? lines(failed, stream.get()) : List.of();
      return lines.isEmpty()
          ? ""
          : lines.stream().collect(Collectors.joining("\n  ", ". Its last lines:\n  ", ""));
    } catch (ServingException e) {
      return e.kind() == ErrorKind.UNAUTHORIZED
          ? "; its last lines are shown here with the permissions logs:DescribeLogStreams and logs:GetLogEvents"
          : "";
    }
  }

  private Optional<LogStream> newestStream(Failed failed) {
    DescribeLogStreamsRequest request = DescribeLogStreamsRequest.builder()
        .logGroupName(failed.group())
        .orderBy(OrderBy.LAST_EVENT_TIME)
        .descending(true)
        .limit(STREAMS)
        .overrideConfiguration(shortly())
        .build();
    return errors
        .find(
            "List the log streams of " + failed.group(),
            () -> clients.logs().describeLogStreams(request))
        .stream()
        .flatMap(page -> page.logStreams().stream())
        .filter(stream -> stream.logStreamName().startsWith(failed.variant() + "/"))
        .filter(stream -> stream.creationTime() == null
            || stream.creationTime() >= failed.since().toEpochMilli())
        .findFirst();
  }

  private List<String> lines(Failed failed, LogStream stream) {
    GetLogEventsRequest request = GetLogEventsRequest.builder()
        .logGroupName(failed.group())
        .logStreamName(stream.logStreamName())
        .startFromHead(false)
        .limit(LINES)
        .overrideConfiguration(shortly())
        .build();
    return errors
        .find(
            "Read the log " + failed.group() + " " + stream.logStreamName(),
            () -> clients.logs().getLogEvents(request))
        .stream()
        .flatMap(page -> page.events().stream())
        .map(event -> shortened(event.message().strip()))
        .filter(line -> !line.isEmpty())
        .toList();
  }

  private static String shortened(String line) {
    return line.length() <= LONGEST_LINE ? line : line.substring(0, LONGEST_LINE) + "...";
  }

  private static AwsRequestOverrideConfiguration shortly() {
    return AwsRequestOverrideConfiguration.builder()
        .apiCallTimeout(CALL_TIMEOUT)
        .build();
  }
}
