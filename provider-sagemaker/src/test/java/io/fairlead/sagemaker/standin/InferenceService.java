package io.fairlead.sagemaker.standin;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fairlead.contract.Held;
import io.fairlead.sagemaker.standin.EndpointState.Fleet;
import java.io.ByteArrayOutputStream;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.eventstream.HeaderValue;
import software.amazon.eventstream.Message;

/** SageMaker's runtime: invocations that are answered at once, later, or in parts. */
final class InferenceService {
  private static final String PREFIX = "X-Amzn-SageMaker-";
  private static final int MOST_BYTES = 6_291_456;
  private static final String OPEN_AI = "/openai/v1/";
  private static final Pattern OPEN_AI_PATH = Pattern.compile(
      "/endpoints/([^/]+)(?:/inference-components/([^/]+))?/openai/v1/chat/completions");
  /** The presigned request in a bearer token, with its date and its life. */
  private static final Pattern OPEN_AI_TOKEN =
      Pattern.compile("sagemaker\\.amazonaws\\.com/\\?(?=.*\\bAction=CallWithBearerToken&)"
          + "(?=.*\\bX-Amz-Date=(\\w+)&)(?=.*\\bX-Amz-Expires=(\\d+)&)"
          + "(?=.*\\bX-Amz-Signature=[0-9a-f]{64}\\b).*&Version=1");

  private static final DateTimeFormatter TOKEN_DATE =
      DateTimeFormatter.ofPattern("yyyyMMdd'T'HHmmss'Z'", Locale.ROOT).withZone(ZoneOffset.UTC);

  private record Break(String errorCode, String message) {}

  private final Account account;
  private final List<Invocation> invocations = new ArrayList<>();
  private final Deque<AwsError> failures = new ArrayDeque<>();
  private final Deque<Held> held = new ArrayDeque<>();
  private Function<Invocation, byte[]> model = invocation -> invocation.body().asByteArray();
  private List<byte[]> parts = List.of();
  private @Nullable Break nextBreak;
  private Duration asyncDuration = Duration.ofSeconds(10);
  private int asyncCount;
  private int sessionCount;

  InferenceService(Account account) {
    this.account = account;
  }

  List<Invocation> invocations() {
    return List.copyOf(invocations);
  }

  void answerWith(Function<Invocation, byte[]> newModel) {
    model = newModel;
  }

  void failNext(AwsError error) {
    failures.add(error);
  }

  void hold(Held one) {
    held.add(one);
  }

  void streamInParts(List<byte[]> newParts) {
    parts = List.copyOf(newParts);
  }

  void breakNextStream(String errorCode, String message) {
    nextBreak = new Break(errorCode, message);
  }

  void asyncDuration(Duration duration) {
    asyncDuration = duration;
  }

  static String operation(String path) {
    if (path.contains(OPEN_AI)) {
      return "CallWithBearerToken";
    }
    if (path.endsWith("/async-invocations")) {
      return "InvokeEndpointAsync";
    }
    return path.endsWith("/invocations-response-stream")
        ? "InvokeEndpointWithResponseStream"
        : "InvokeEndpoint";
  }

  private static AwsError invalid(String message) {
    return AwsError.of(400, "ValidationError", message);
  }

  /**
   * {@return the answer of the route for clients of OpenAI's API}
   *
   * <p>It takes bearer tokens only, has chats only, and names an inference component in its path. What the container
   * answers, also in pieces, comes as it is.
   */
  private Supplier<Answer> openAi(Call call) {
    Matcher path = OPEN_AI_PATH.matcher(call.path());
    if (!path.matches() || !call.method().equals("POST")) {
      throw AwsError.of(404, "UnknownOperationException", call.path());
    }
    Matcher token = OPEN_AI_TOKEN.matcher(call.bearer());
    if (!token.matches() || !call.region().equals("us-east-1")) {
      throw AwsError.of(403, "AccessDeniedException", "The bearer token is not valid.");
    }
    Instant from = TOKEN_DATE.parse(token.group(1), Instant::from);
    Instant now = account.time().now();
    if (now.isBefore(from) || !now.isBefore(from.plusSeconds(Long.parseLong(token.group(2))))) {
      throw AwsError.of(403, "ExpiredTokenException", "The bearer token has expired.");
    }
    String name = Call.decode(path.group(1));
    EndpointState endpoint = account.control().serving(name);
    if (endpoint == null || endpoint.serving == null || endpoint.serving.isAsync()) {
      throw invalid("Endpoint " + name + " of account " + Account.NUMBER + " not found.");
    }
    Invocation invocation = invocation(call, name, path.group(2), endpoint.serving);
    invocations.add(invocation);
    return () -> {
      ByteArrayOutputStream all = new ByteArrayOutputStream();
      (parts.isEmpty() ? List.of(model.apply(invocation)) : parts).forEach(all::writeBytes);
      return new Answer(200, "application/json", all.toByteArray());
    };
  }

  /** {@return the answer, for which a test may have to be waited; what happens at once has happened} */
  Supplier<Answer> begin(Call call) {
    if (call.path().contains(OPEN_AI)) {
      return openAi(call);
    }
    String[] path = call.path().split("/", -1);
    if (path.length != 4 || !path[1].equals("endpoints") || !call.method().equals("POST")) {
      throw AwsError.of(404, "UnknownOperationException", call.path());
    }
    String name = Call.decode(path[2]);
    EndpointState endpoint = account.control().serving(name);
    if (endpoint == null || endpoint.serving == null) {
      throw invalid("Endpoint " + name + " of account " + Account.NUMBER + " not found.");
    }
    if (call.body().length > MOST_BYTES) {
      throw invalid("1 validation error detected: Value at 'body' failed to satisfy constraint:"
          + " Member must have length less than or equal to " + MOST_BYTES);
    }
    boolean isAsync = call.operation().equals("InvokeEndpointAsync");
    if (isAsync != endpoint.serving.isAsync()) {
      throw invalid("Endpoint " + name + " is " + (isAsync ? "not " : "")
          + "an asynchronous endpoint: it does not support this API.");
    }
    Invocation invocation =
        invocation(call, name, call.header(PREFIX + "Inference-Component"), endpoint.serving);
    AwsError failure = failures.poll();
    Held wait = held.poll();
    if (isAsync) {
      return invokeAsync(call, invocation, endpoint.serving, failure);
    }
    if (failure == null) {
      invocations.add(invocation);
    }
    boolean isStream = call.operation().equals("InvokeEndpointWithResponseStream");
    Supplier<Answer> answer = isStream ? stream(call, invocation) : () -> invoke(call, invocation);
    return () -> {
      if (wait != null) {
        wait.hold();
      }
      if (failure != null) {
        throw failure;
      }
      return answer.get();
    };
  }

  // ---- who answers ----

  private Invocation invocation(
      Call call, String endpoint, @Nullable String component, Fleet fleet) {
    Map<String, String> headers = call.headersAfter(PREFIX);
    for (String name : List.of("Content-Type", "Accept")) {
      String value = call.header(name);
      if (value != null) {
        headers.put(name, value);
      }
    }
    if (component != null) {
      ObjectNode found = account.control().servingComponent(endpoint, component);
      if (found == null) {
        throw invalid(
            "Inference Component " + component + " of account " + Account.NUMBER + " not found.");
      }
      String modelName = found.path("Specification").path("ModelName").asText("");
      return new Invocation(
          endpoint,
          found.path("VariantName").asText(),
          component,
          modelName,
          headers,
          SdkBytes.fromByteArrayUnsafe(call.body()));
    }
    Variant variant = variant(call.header(PREFIX + "Target-Variant"), endpoint, fleet);
    if (variant.model().isEmpty()) {
      throw invalid("Inference Component Name header is required for endpoints to which you plan to"
          + " deploy inference components.");
    }
    return new Invocation(
        endpoint,
        variant.name(),
        "",
        variant.model(),
        headers,
        SdkBytes.fromByteArrayUnsafe(call.body()));
  }

  private static Variant variant(@Nullable String pinned, String endpoint, Fleet fleet) {
    if (pinned == null) {
      return next(endpoint, fleet.variants().values());
    }
    Variant variant = fleet.variants().get(pinned);
    if (variant == null) {
      throw invalid("Variant " + pinned + " not found for Request, endpoint " + endpoint
          + " of account " + Account.NUMBER + ".");
    }
    return variant;
  }

  /** Smooth weighted round robin: every run of requests is divided as exactly as whole requests can be. */
  private static Variant next(String endpoint, Collection<Variant> variants) {
    Variant best = null;
    double total = 0;
    for (Variant variant : variants) {
      if (variant.weight > 0) {
        variant.credit += variant.weight;
        total += variant.weight;
        if (best == null || variant.credit > best.credit + 1e-9) {
          best = variant;
        }
      }
    }
    if (best == null) {
      throw invalid("No variant of endpoint " + endpoint + " has a weight above 0.");
    }
    best.credit -= total;
    return best;
  }

  // ---- answers ----

  private Answer described(Call call, Invocation invocation, Answer answer) {
    answer.with("x-Amzn-Invoked-Production-Variant", invocation.variant());
    String attributes = call.header(PREFIX + "Custom-Attributes");
    if (attributes != null) {
      answer.with(PREFIX + "Custom-Attributes", attributes);
    }
    return answer;
  }

  private Answer invoke(Call call, Invocation invocation) {
    String accept = call.header("Accept");
    String given = call.header("Content-Type");
    String type = accept == null || accept.equals("*/*") ? given : accept;
    Answer answer =
        new Answer(200, type == null ? "application/octet-stream" : type, model.apply(invocation));
    if ("NEW_SESSION".equals(call.header(PREFIX + "Session-Id"))) {
      String expires =
          DateTimeFormatter.ISO_INSTANT.format(account.time().now().plus(Duration.ofMinutes(20)));
      answer.with(PREFIX + "New-Session-Id", "session-" + ++sessionCount + "; Expires=" + expires);
    }
    return described(call, invocation, answer);
  }

  private Supplier<Answer> invokeAsync(
      Call call, Invocation invocation, Fleet fleet, @Nullable AwsError failure) {
    String input = call.header(PREFIX + "InputLocation");
    if (input == null || !input.startsWith("s3://")) {
      throw invalid("InputLocation must be an S3 URI.");
    }
    asyncCount++;
    String id = UUID.nameUUIDFromBytes(("async-" + asyncCount).getBytes(UTF_8)).toString();
    var output = fleet.config().path("AsyncInferenceConfig").path("OutputConfig");
    String base = output.path("S3OutputPath").asText();
    String failureBase = output.path("S3FailurePath").asText(base);
    String outputLocation = base.replaceAll("/$", "") + "/" + id + ".out";
    String failureLocation = failureBase.replaceAll("/$", "") + "/" + id + "-error.out";
    account.in(asyncDuration, () -> {
      byte[] content = account.objects().at(input);
      if (failure != null) {
        store(failureLocation, failure.text());
      } else if (content == null) {
        store(failureLocation, ("Failed to download " + input).getBytes(UTF_8));
      } else {
        Invocation reached = new Invocation(
            invocation.endpoint(),
            invocation.variant(),
            invocation.component(),
            invocation.model(),
            invocation.headers(),
            SdkBytes.fromByteArrayUnsafe(content));
        invocations.add(reached);
        store(outputLocation, model.apply(reached));
      }
    });
    String inferenceId = call.header(PREFIX + "Inference-Id");
    ObjectNode said = Json.object().put("InferenceId", inferenceId == null ? id : inferenceId);
    return () -> new Answer(202, "application/json", Json.bytes(said))
        .with(PREFIX + "OutputLocation", outputLocation)
        .with(PREFIX + "FailureLocation", failureLocation);
  }

  private void store(String uri, byte[] bytes) {
    String path = uri.substring("s3://".length());
    int slash = path.indexOf('/');
    account.objects().add(path.substring(0, slash), path.substring(slash + 1), bytes);
  }

  private Supplier<Answer> stream(Call call, Invocation invocation) {
    List<byte[]> all = parts.isEmpty() ? List.of(model.apply(invocation)) : parts;
    Break broken = nextBreak;
    nextBreak = null;
    ByteArrayOutputStream frames = new ByteArrayOutputStream();
    for (byte[] part : all) {
      frame(
          frames,
          part,
          ":message-type",
          "event",
          ":event-type",
          "PayloadPart",
          ":content-type",
          "application/octet-stream");
    }
    if (broken != null) {
      ObjectNode said =
          Json.object().put("ErrorCode", broken.errorCode()).put("Message", broken.message());
      frame(
          frames,
          Json.bytes(said),
          ":message-type",
          "exception",
          ":exception-type",
          "ModelStreamError",
          ":content-type",
          "application/json");
    }
    String given = call.header("Accept");
    return () -> described(
            call,
            invocation,
            new Answer(200, "application/vnd.amazon.eventstream", frames.toByteArray()))
        .with(PREFIX + "Content-Type", given == null ? "application/octet-stream" : given);
  }

  private static void frame(ByteArrayOutputStream out, byte[] payload, String... headers) {
    Map<String, HeaderValue> values = new LinkedHashMap<>();
    for (int i = 0; i < headers.length; i += 2) {
      values.put(headers[i], HeaderValue.fromString(headers[i + 1]));
    }
    new Message(values, payload).encode(out);
  }
}
