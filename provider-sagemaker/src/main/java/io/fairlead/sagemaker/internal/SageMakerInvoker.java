package io.fairlead.sagemaker.internal;

import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.PlatformOptions;
import io.fairlead.grammar.Problems;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import io.fairlead.provider.Closed;
import io.fairlead.provider.Deadline;
import io.fairlead.provider.RefusedCalls;
import io.fairlead.provider.TimeSource;
import io.fairlead.reconcile.Invoker;
import io.fairlead.sagemaker.SageMakerProvider;
import io.fairlead.sagemaker.SageMakerRequest;
import io.fairlead.sagemaker.SageMakerResponse;
import io.fairlead.sagemaker.SageMakerServerless;
import io.fairlead.sagemaker.internal.rules.RequestRules;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.awscore.AwsRequestOverrideConfiguration;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.services.sagemakerruntime.model.InvokeEndpointRequest;
import software.amazon.awssdk.services.sagemakerruntime.model.InvokeEndpointResponse;

/** Invokes models by AWS's InvokeEndpoint; streaming is a class of its own, which needs Netty. */
final class SageMakerInvoker implements Invoker<Endpoint>, AutoCloseable {
  /** AWS's model of the service: BodyBlob. */
  static final int LARGEST_BODY = 6 * 1024 * 1024;
  /** AWS's documentation of serverless endpoints. */
  static final int LARGEST_SERVERLESS_BODY = 4 * 1024 * 1024;

  private static final String EXPIRES = "; Expires=";
  private static final String UNKNOWN_TYPE = "application/octet-stream";

  private final SageMakerClients clients;
  private final RefusedCalls calls;
  private final SageMakerErrors errors;
  private final TimeSource time;
  private final Supplier<SageMakerStreaming> newStreaming;
  private final ReentrantLock lock = new ReentrantLock();
  private volatile @Nullable SageMakerStreaming streaming;
  private boolean closed;

  /**
   * Creates an invoker.
   *
   * @param newStreaming creates the streaming part, which needs Netty; called at most once, when it is first needed
   */
  SageMakerInvoker(
      SageMakerClients clients,
      RefusedCalls calls,
      SageMakerErrors errors,
      TimeSource time,
      Supplier<SageMakerStreaming> newStreaming) {
    this.clients = clients;
    this.calls = calls;
    this.errors = errors;
    this.time = time;
    this.newStreaming = newStreaming;
  }

  @Override
  public Response invoke(Endpoint endpoint, Request request) {
    SageMakerRequest options = checked(endpoint, request);
    InvocationTarget target = InvocationTarget.of(endpoint, request, options);
    return target.named(response(ask(endpoint, request, options, target)));
  }

  @Override
  public Response invokeStreaming(
      Endpoint endpoint, Request request, Consumer<? super ByteBuffer> pieces) {
    return streaming(endpoint).invoke(endpoint, request, pieces);
  }

  private SageMakerStreaming streaming(Endpoint endpoint) {
    SageMakerStreaming known = streaming;
    if (known != null) {
      return known;
    }
    lock.lock();
    try {
      if (closed) {
        throw Closed.refusal(SageMakerProvider.ID, "invoke " + endpoint.name());
      }
      known = streaming;
      if (known == null) {
        known = newStreaming.get();
        streaming = known;
      }
      return known;
    } catch (NoClassDefFoundError e) {
      throw new ServingException(
          SageMakerProvider.ID,
          ErrorKind.UNSUPPORTED,
          "Streaming needs the artifact software.amazon.awssdk:netty-nio-client, which is not on"
              + " the class path: add it in the version of the other artifacts of the AWS SDK, or use invoke.",
          e);
    } finally {
      lock.unlock();
    }
  }

  /** Ends the streaming answers and their threads. */
  @Override
  public void close() {
    SageMakerStreaming open;
    lock.lock();
    try {
      closed = true;
      open = streaming;
      streaming = null;
    } finally {
      lock.unlock();
    }
    if (open != null) {
      open.close();
    }
  }

  private InvokeEndpointResponse ask(
      Endpoint endpoint, Request request, SageMakerRequest options, InvocationTarget target) {
    InvokeEndpointRequest.Builder call = InvokeEndpointRequest.builder()
        .endpointName(target.endpoint())
        .contentType(request.contentType())
        .body(SdkBytes.fromByteArrayUnsafe(request.bodyUnsafe()))
        .targetVariant(target.variant())
        .inferenceComponentName(target.component());
    if (!options.equals(SageMakerRequest.DEFAULT)) {
      call.targetModel(options.targetModel().orElse(null))
          .sessionId(options.sessionId().orElse(null))
          .inferenceId(options.inferenceId().orElse(null))
          .customAttributes(options.customAttributes().orElse(null))
          .accept(options.accept().orElse(null));
    }
    try {
      Deadline deadline = Deadline.after(request.timeout(), time);
      return calls.call(what(endpoint, request), deadline, errors, left -> {
        Duration rest = clients.awaitRuntimeCredentials(left);
        return clients
            .runtime()
            .invokeEndpoint(call.overrideConfiguration(within(rest)).build());
      });
    } catch (ServingException e) {
      throw target.named(e);
    }
  }

  /** {@return the SageMaker options of a request, which is checked} */
  static SageMakerRequest checked(Endpoint endpoint, Request request) {
    int size = request.bodyBuffer().remaining();
    boolean serverless = size > LARGEST_SERVERLESS_BODY
        && endpoint.scaling().options().find(SageMakerServerless.class).isPresent();
    String variant = request.variant().orElse("");
    SageMakerRequest options = SageMakerRequest.DEFAULT;
    Problems problems = Problems.in("Request")
        .check(
            size <= LARGEST_BODY,
            "body",
            "must have at most " + LARGEST_BODY
                + " bytes, or be in S3 for SageMakerPlatform.invokeAsync",
            size)
        .check(
            !serverless || size > LARGEST_BODY,
            "body",
            "must have at most " + LARGEST_SERVERLESS_BODY
                + " bytes for a serverless variant; variants with instances take more",
            size)
        .check(
            RequestRules.isHeader(request.contentType()),
            "contentType",
            RequestRules.HEADER_RULE,
            request.contentType())
        .check(RequestRules.isResourceName(variant), "variant", RequestRules.NAME_RULE, variant);
    for (PlatformOptions option : request.options().values()) {
      if (option instanceof SageMakerRequest known) {
        options = known;
      } else {
        problems.check(
            !option.platform().equals(SageMakerProvider.ID),
            "options",
            "must be of a type that platform 'sagemaker' knows for requests",
            option.getClass().getSimpleName());
      }
    }
    problems.throwIfAny();
    return options;
  }

  static AwsRequestOverrideConfiguration within(Duration left) {
    return AwsRequestOverrideConfiguration.builder().apiCallTimeout(left).build();
  }

  static String what(Endpoint endpoint, Request request) {
    return "Invoking endpoint '" + endpoint.name()
        + request.variant().map(variant -> "', variant '" + variant + "'").orElse("'");
  }

  static @Nullable String orNull(String text) {
    return text.isEmpty() ? null : text;
  }

  static Optional<String> given(@Nullable String text) {
    return Optional.ofNullable(text).filter(it -> !it.isEmpty());
  }

  private static Response response(InvokeEndpointResponse answer) {
    byte[] body = answer.body() == null ? new byte[0] : answer.body().asByteArrayUnsafe();
    return withDetails(
        response(body, answer.contentType(), answer.invokedProductionVariant()),
        answer.newSessionId(),
        answer.closedSessionId(),
        answer.customAttributes());
  }

  /** {@return the answer, with a SageMakerResponse if there is a session or custom attributes} */
  static Response withDetails(
      Response response,
      @Nullable String newSession,
      @Nullable String closedSession,
      @Nullable String customAttributes) {
    return newSession == null && closedSession == null && customAttributes == null
        ? response
        : response.with(new SageMakerResponse(
            given(newSession).map(SageMakerInvoker::session),
            given(closedSession),
            given(customAttributes)));
  }

  static Response response(byte[] body, @Nullable String contentType, @Nullable String variant) {
    Response response = Response.ofUnsafe(body, given(contentType).orElse(UNKNOWN_TYPE));
    return variant == null ? response : response.servedBy(variant);
  }

  private static SageMakerResponse.Session session(String header) {
    int end = header.indexOf(EXPIRES);
    return end < 0
        ? new SageMakerResponse.Session(header, Optional.empty())
        : new SageMakerResponse.Session(
            header.substring(0, end), instant(header.substring(end + EXPIRES.length())));
  }

  private static Optional<Instant> instant(String text) {
    try {
      return Optional.of(Instant.parse(text));
    } catch (DateTimeParseException e) {
      return Optional.empty();
    }
  }
}
