package io.fairlead.sagemaker.standin;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fairlead.contract.Held;
import io.fairlead.contract.History;
import io.fairlead.contract.VirtualTime;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * An account of AWS: all that is in it, and what a test can make happen to it.
 *
 * <p>All its durations pass on one {@link VirtualTime}.
 */
public final class Account implements AutoCloseable {
  /** The number of every account. */
  public static final String NUMBER = "123456789012";

  /** Where what is added by a test is. */
  static final String REGION = "us-east-1";

  /** A call that was received: its operation, and its body if that was JSON. */
  public record Received(String operation, ObjectNode request) {}

  private final ReentrantLock lock = new ReentrantLock();
  private final History<Account> history = new History<>();
  private final String accessKeyId;
  private final VirtualTime time;
  private final ObjectStore objects = new ObjectStore(this);
  private final ControlPlane control = new ControlPlane(this);
  private final ScalingService scaling = new ScalingService(this);
  private final AlarmService alarms = new AlarmService();
  private final LogService logs = new LogService(this);
  private final InferenceService inference = new InferenceService(this);
  private final List<Received> received = new ArrayList<>();
  private final Map<String, Deque<AwsError>> failures = new HashMap<>();
  private final Set<String> throttled = new HashSet<>();
  private boolean throttling;
  private boolean mayDeregister = true;
  private int expiredFrom = Integer.MAX_VALUE;
  private boolean closed;

  Account(String accessKeyId, VirtualTime time) {
    this.accessKeyId = accessKeyId;
    this.time = time;
  }

  /**
   * {@return an account in which all is as it is here now, and which shares nothing with this one}
   *
   * <p>All that was done here is done there again, on a clock that nobody has set.
   *
   * @param otherKey what those sign with who use it
   * @param clock its clock, on which no time has passed
   */
  public Account copy(String otherKey, VirtualTime clock) {
    Account copy = StandIn.account(otherKey, clock);
    history.repeat(copy, copy.history, clock, time);
    return copy;
  }

  /** Forgets all that is in it; its key is unknown from now on. */
  @Override
  public void close() {
    StandIn.close(accessKeyId);
    change(there -> there.closed = true);
  }

  // ---- what there is ----

  /**
   * {@return everything that is there: {@code endpoint/E}, {@code endpoint-config/C}, {@code model/M}, {@code
   * component/I}, {@code scalable-target/R}, {@code scaling-policy/R/P}, {@code alarm/A}, {@code s3://bucket/key}, {@code
   * multipart-upload/bucket/key}}
   */
  public Set<String> remains() {
    return look(() -> {
      Set<String> all = new TreeSet<>();
      control.remains(all);
      scaling.remains(all);
      alarms.remains(all);
      objects.remains(all);
      return all;
    });
  }

  /** {@return the operations that were called, in order} */
  public List<String> calls() {
    return look(() -> received.stream().map(Received::operation).toList());
  }

  /** {@return the JSON of each call of an operation of SageMaker or Application Auto Scaling} */
  public List<ObjectNode> requests(String operation) {
    return look(() -> received.stream()
        .filter(call -> call.operation().equals(operation))
        .map(Received::request)
        .toList());
  }

  /** Forgets which calls there were. */
  public void forgetCalls() {
    change(there -> there.received.clear());
  }

  /** {@return the tags of {@code model/M}, {@code endpoint/E}, {@code endpoint-config/C} or {@code component/I}} */
  public Map<String, String> tags(String resource) {
    return look(() -> control.tags(resource));
  }

  /** {@return the parameters with which an alarm of CloudWatch was put} */
  public Map<String, String> alarm(String name) {
    return look(() -> {
      Map<String, String> alarm = alarms.alarm(name);
      if (alarm == null) {
        throw new IllegalArgumentException("there is no alarm " + name);
      }
      return alarm;
    });
  }

  /** Lets somebody delete an alarm of CloudWatch. */
  public void deleteAlarm(String name) {
    change(there -> there.alarms.delete(Map.of("AlarmNames.member.1", name)));
  }

  /** {@return what is stored} */
  public byte[] object(String bucket, String key) {
    return look(() -> objects.bytes(bucket, key));
  }

  /** {@return how an object is encrypted, such as {@code aws:kms KEY}; empty if its bucket decides} */
  public String encryption(String bucket, String key) {
    return look(() -> objects.encryption(bucket, key));
  }

  /** {@return its metadata, without the prefix {@code x-amz-meta-}} */
  public Map<String, String> metadata(String bucket, String key) {
    return look(() -> objects.metadata(bucket, key));
  }

  // ---- what others made ----

  /** Makes a bucket. */
  public void addBucket(String bucket) {
    change(there -> there.objects.addBucket(bucket));
  }

  /** Makes a bucket in another region. */
  public void addBucket(String bucket, String region) {
    change(there -> there.objects.addBucket(bucket, region));
  }

  /** Makes an object that has no metadata, and its bucket. */
  public void addObject(String bucket, String key, byte[] content) {
    change(there -> there.objects.add(bucket, key, content));
  }

  /** Makes a model without tags. */
  public void addModel(String name) {
    change(there -> there.control.addModel(name));
  }

  /** Registers a version of a model; the approval may be empty. */
  public void addModelPackage(String arn, String approval) {
    change(there -> there.control.addPackage(arn, approval));
  }

  /** Makes a configuration without tags: a variant with all requests on one ml.m5.large. */
  public void addEndpointConfig(String name, String model, String variant) {
    change(there -> there.control.addConfig(name, model, variant));
  }

  /** Makes an endpoint without tags that is in service. */
  public void addEndpoint(String name, String config) {
    change(there -> there.control.addEndpoint(name, config));
  }

  /** Lets a variant scale by itself. */
  public void addScalableTarget(String endpoint, String variant, int min, int max) {
    change(there -> there.scaling.add(endpoint, variant, min, max));
  }

  /** Has a container write into its log. */
  public void log(String group, String stream, List<String> lines) {
    change(there -> there.logs.add(group, stream, lines));
  }

  // ---- what happens ----

  /** Answers the next call of an operation with an error, and does nothing; one after the other if called often. */
  public void failNext(String operation, AwsError error) {
    change(there ->
        there.failures.computeIfAbsent(operation, key -> new ArrayDeque<>()).add(error));
  }

  /** From this call on, counted from 1 over the life of the account, the credentials have expired. */
  public void expireFromCall(int number) {
    change(there -> there.expiredFrom = number);
  }

  /** Throttles each call the first time that it is made. */
  public void throttleEveryCallOnce() {
    change(there -> there.throttling = true);
  }

  /** How long or how often a new {@code model}, {@code endpoint-config}, {@code endpoint} or {@code component} is not seen, wherever it is named. */
  public void hideAfterCreate(String kind, Duration duration) {
    change(there -> there.control.hide(kind, duration));
  }

  /** For how many looks a new {@code model}, {@code endpoint-config}, {@code endpoint} or {@code component} is not seen, wherever it is named. */
  public void hideAfterCreate(String kind, int looks) {
    change(there -> there.control.hide(kind, looks));
  }

  /** How long what was made cannot be described, though it can be named and is listed; 2 seconds unless set. */
  public void describeDelay(Duration duration) {
    change(there -> there.control.describeDelay(duration));
  }

  /** The next create or update of an endpoint fails: Failed, or back with what it was. The reason may be empty. */
  public void failEndpoint(String name, String reason) {
    change(there -> there.control.failNext(name, reason, false));
  }

  /** The next update of an endpoint fails, and so does going back. */
  public void failRollback(String name, String reason) {
    change(there -> there.control.failNext(name, reason, true));
  }

  /** The next create or update of an endpoint does not end. */
  public void neverReady(String name) {
    change(there -> there.control.neverReady(name));
  }

  /** AWS maintains an endpoint for so long. */
  public void systemUpdate(String name, Duration duration) {
    change(there -> there.control.systemUpdate(name, duration));
  }

  /** AWS takes an endpoint out of service. The reason may be empty. */
  public void outOfService(String name, String reason) {
    change(there -> there.control.outOfService(name, reason));
  }

  /** The next create of a component fails with this reason. */
  public void failComponent(String name, String reason) {
    change(there -> there.control.failComponent(name, reason));
  }

  /** How many instances of a type there may be for endpoints; without limit unless set. */
  public void resourceLimit(String instanceType, int instances) {
    change(there -> there.control.limit(instanceType, instances));
  }

  /** How long endpoints take: to come, for a new configuration, to go, for weights and counts; 3, 2, 1 and 1 minutes unless set. */
  public void durations(Duration creating, Duration updating, Duration deleting, Duration weights) {
    change(there -> there.control.durations(creating, updating, deleting, weights));
  }

  /** How many tags ListTags says at once; 50 unless set. */
  public void tagsPerPage(int tags) {
    change(there -> there.control.tagsPerPage(tags));
  }

  /** Whether who deletes an endpoint may deregister its scalable targets; true unless set. */
  public void mayDeregisterScalableTargets(boolean may) {
    change(there -> there.mayDeregister = may);
  }

  // ---- inference ----

  /** {@return the requests that reached a container, in order} */
  public List<Invocation> invocations() {
    return look(inference::invocations);
  }

  /** What containers answer; the request's body unless set. */
  public void answerWith(Function<Invocation, byte[]> model) {
    change(there -> there.inference.answerWith(model));
  }

  /** The next invocation of any kind is answered with an error; for an asynchronous one, the container's. */
  public void failNextInvocation(AwsError error) {
    change(there -> there.inference.failNext(error));
  }

  /** {@return the next invocation, which is answered when the test says so} */
  public Held holdNextInvocation() {
    Held held = new Held();
    change(there -> there.inference.hold(held));
    return held;
  }

  /** What streams consist of; the request's body in one part unless set. */
  public void streamInParts(List<byte[]> parts) {
    change(there -> there.inference.streamInParts(parts));
  }

  /** After its parts, the next stream breaks with a ModelStreamError; the code may be ModelInvocationTimeExceeded or StreamBroken. */
  public void breakNextStream(String errorCode, String message) {
    change(there -> there.inference.breakNextStream(errorCode, message));
  }

  /** How long asynchronous invocations take; 10 seconds unless set. */
  public void asyncDuration(Duration duration) {
    change(there -> there.inference.asyncDuration(duration));
  }

  // ---- for the services ----

  Answer answer(Call call) {
    Supplier<Answer> later = look(() -> {
      history.add(time, there -> there.repeat(call));
      return begin(call);
    });
    // What takes no time has happened when the answer arrives.
    time.pass(Duration.ZERO);
    return later.get();
  }

  private void repeat(Call call) {
    try {
      look(() -> begin(call));
    } catch (AwsError e) {
      // It was refused then, too.
    }
    time.pass(Duration.ZERO);
  }

  private Supplier<Answer> begin(Call call) {
    received.add(new Received(call.operation(), call.isControl() ? call.json() : Json.object()));
    String service = call.service();
    if (received.size() >= expiredFrom) {
      throw expired(call);
    }
    if (throttling && throttled.add(call.identity())) {
      throw service.equals("s3")
          ? AwsError.of(503, "SlowDown", "Please reduce your request rate.")
          : AwsError.throttled();
    }
    Deque<AwsError> errors = failures.get(call.operation());
    if (errors != null && !errors.isEmpty()) {
      throw errors.remove();
    }
    if (call.isControl()) {
      String target = String.valueOf(call.header("X-Amz-Target"));
      ObjectNode answer = target.startsWith("AnyScaleFrontendService.")
          ? scaling.answer(call)
          : target.startsWith("Logs_") ? logs.answer(call) : control.answer(call);
      return () -> Answer.json(answer);
    }
    if (service.equals(AlarmService.SERVICE)) {
      Answer answer = alarms.answer(call);
      return () -> answer;
    }
    if (service.equals("s3")) {
      Answer answer = objects.answer(call);
      return () -> answer;
    }
    return inference.begin(call);
  }

  private static AwsError expired(Call call) {
    return call.service().equals("s3")
        ? AwsError.of(400, "ExpiredToken", "The provided token has expired.")
        : AwsError.of(
            call.isControl() ? 400 : 403,
            "ExpiredTokenException",
            "The security token included in the request is expired");
  }

  /** Does something when so much time has passed, unless the account is closed by then. */
  void in(Duration duration, Runnable action) {
    time.in(
        duration,
        () -> look(() -> {
          if (!closed) {
            action.run();
          }
          return true;
        }));
  }

  VirtualTime time() {
    return time;
  }

  /** {@return the date in seconds, as these services write it} */
  double now() {
    return time.now().toEpochMilli() / 1000.0;
  }

  ObjectStore objects() {
    return objects;
  }

  ControlPlane control() {
    return control;
  }

  ScalingService scaling() {
    return scaling;
  }

  boolean mayDeregister() {
    return mayDeregister;
  }

  private <T extends @Nullable Object> T look(Supplier<T> action) {
    lock.lock();
    try {
      return action.get();
    } finally {
      lock.unlock();
    }
  }

  private void change(Consumer<Account> action) {
    look(() -> {
      action.accept(this);
      history.add(time, action);
      return true;
    });
  }
}
