package io.fairlead.sagemaker.standin;

import io.fairlead.contract.Faults;
import io.fairlead.error.ServingException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.awscore.AwsRequest;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.http.ExecutableHttpRequest;
import software.amazon.awssdk.http.HttpExecuteRequest;
import software.amazon.awssdk.http.HttpExecuteResponse;
import software.amazon.awssdk.http.SdkHttpClient;
import software.amazon.awssdk.http.SdkHttpRequest;

/**
 * What the SDK has made of requests and of answers, whosever they were.
 *
 * <p>The clients by which the SDK makes them have this as their HTTP client.
 */
final class Memo implements SdkHttpClient {
  /** What is kept of each; more than the calls of a sweep differ in, but for the runs that they name. */
  private static final int MOST = 5_000;

  private static final ThreadLocal<@Nullable Exchange> CURRENT = new ThreadLocal<>();

  private final Map<AwsRequest, Sent> requests = new ConcurrentHashMap<>();
  /** Responses, and exceptions that say the same. */
  private final Map<Received, Object> responses = new ConcurrentHashMap<>();

  /** An account, and what happens to the calls of somebody who uses it. */
  record Caller(Account account, Faults faults) {
    private Outcome call(Sent sent) {
      try {
        return new Answered(faults.call(sent.name(), () -> StandIn.answer(account, sent.call())));
      } catch (ServingException fault) {
        return new Broken(fault);
      }
    }
  }

  /** What the SDK makes of a request. */
  private record Sent(String name, Call call) {}

  /** What the SDK makes a response of: all of an answer but its number. */
  private record Received(
      Class<?> request, int status, Map<String, String> headers, ByteBuffer body) {}

  /** What comes of a call. */
  private sealed interface Outcome {
    Optional<Received> received(AwsRequest request);

    HttpExecuteResponse response(SdkHttpRequest request) throws IOException;
  }

  private record Answered(Answer answer) implements Outcome {
    @Override
    public Optional<Received> received(AwsRequest request) {
      return Optional.of(new Received(
          request.getClass(),
          answer.status(),
          Map.copyOf(answer.headers()),
          ByteBuffer.wrap(answer.body())));
    }

    @Override
    public HttpExecuteResponse response(SdkHttpRequest request) {
      return InProcessClient.response(StandIn.numbered(answer));
    }
  }

  private record Broken(ServingException fault) implements Outcome {
    @Override
    public Optional<Received> received(AwsRequest request) {
      return Optional.empty();
    }

    @Override
    public HttpExecuteResponse response(SdkHttpRequest request) throws IOException {
      return BrokenHttpClient.said(fault, request);
    }
  }

  /** A call while the SDK makes it. */
  private static final class Exchange {
    private final Caller caller;
    private final AwsRequest request;
    private @Nullable Outcome outcome;
    private @Nullable Sent sent;
    private Optional<Received> received = Optional.empty();

    /** Begins one, with its outcome if the call was made already. */
    Exchange(Caller caller, AwsRequest request, @Nullable Outcome outcome) {
      this.caller = caller;
      this.request = request;
      this.outcome = outcome;
    }

    HttpExecuteResponse execute(HttpExecuteRequest http) throws IOException {
      Outcome one = outcome;
      outcome = null;
      if (one == null) {
        sent = new Sent(BrokenHttpClient.name(http), InProcessClient.received(http));
        one = caller.call(sent);
      }
      received = one.received(request);
      return one.response(http.httpRequest());
    }
  }

  /**
   * Makes a call.
   *
   * @param request all of it
   * @param sdk makes it by a client whose HTTP client this is
   */
  Object call(Caller caller, AwsRequest request, Supplier<Object> sdk) {
    Sent before = requests.get(request);
    Outcome outcome = before == null ? null : caller.call(before);
    Object made =
        outcome == null ? null : outcome.received(request).map(responses::get).orElse(null);
    if (made instanceof AwsServiceException failure) {
      throw failure.toBuilder().build();
    }
    if (made != null) {
      return made;
    }
    Exchange exchange = new Exchange(caller, request, outcome);
    try {
      Object response = execute(exchange, sdk);
      exchange.received.ifPresent(received -> keep(responses, received, response));
      return response;
    } catch (AwsServiceException failure) {
      exchange.received.ifPresent(received -> keep(responses, received, failure));
      throw failure;
    } finally {
      if (exchange.sent != null) {
        keep(requests, request, exchange.sent);
      }
    }
  }

  private static <K, V> void keep(Map<K, V> all, K key, V value) {
    if (all.size() >= MOST) {
      all.clear();
    }
    all.put(key, value);
  }

  /** Makes a call whose body, or whose answer's, is a stream beside the request or the response. */
  Object stream(Caller caller, AwsRequest request, Supplier<Object> sdk) {
    return execute(new Exchange(caller, request, null), sdk);
  }

  /** Executes on this thread; a fault may make other calls on it meanwhile. */
  private Object execute(Exchange exchange, Supplier<Object> sdk) {
    Exchange outer = CURRENT.get();
    CURRENT.set(exchange);
    try {
      return sdk.get();
    } finally {
      CURRENT.set(outer);
    }
  }

  @Override
  public ExecutableHttpRequest prepareRequest(HttpExecuteRequest request) {
    Exchange exchange = CURRENT.get();
    if (exchange == null) {
      throw new IllegalStateException("the call has no account: make it by a memoized client");
    }
    return new ExecutableHttpRequest() {
      @Override
      public HttpExecuteResponse call() throws IOException {
        return exchange.execute(request);
      }

      @Override
      public void abort() {}
    };
  }

  @Override
  public String clientName() {
    return "memo";
  }

  @Override
  public void close() {}
}
