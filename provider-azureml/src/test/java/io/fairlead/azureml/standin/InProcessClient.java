package io.fairlead.azureml.standin;

import com.azure.core.http.HttpClient;
import com.azure.core.http.HttpHeader;
import com.azure.core.http.HttpRequest;
import com.azure.core.http.HttpResponse;
import com.azure.core.util.BinaryData;
import com.azure.core.util.Context;
import io.fairlead.contract.Faults;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.SocketException;
import java.net.http.HttpTimeoutException;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import reactor.core.publisher.Mono;

/**
 * A client whose requests a workspace answers on the thread that makes them, and which runs each through {@link Faults},
 * and says what these do as Azure or the network would.
 */
final class InProcessClient implements HttpClient {
  private final Workspace workspace;
  private final Faults faults;
  private final PollWatch watch;

  InProcessClient(Workspace workspace, Faults faults) {
    this.workspace = workspace;
    this.faults = faults;
    watch = new PollWatch(workspace);
  }

  @Override
  public Mono<HttpResponse> send(HttpRequest request) {
    return Mono.fromCallable(() -> {
      try {
        return sendSync(request, Context.NONE);
      } catch (UncheckedIOException e) {
        throw e.getCause();
      }
    });
  }

  @Override
  public HttpResponse sendSync(HttpRequest request, Context context) {
    Call call = received(request);
    watch.asks(call);
    Answer answer;
    try {
      answer = faults.call(call.target().toString(), () -> workspace.answer(call));
    } catch (ServingException fault) {
      try {
        answer = said(fault, call);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    watch.hears(call, answer);
    return new InProcessResponse(request, answer);
  }

  private static Call received(HttpRequest request) {
    Map<String, String> headers = new HashMap<>();
    for (HttpHeader header : request.getHeaders()) {
      headers.put(header.getName(), header.getValue());
    }
    BinaryData sent = request.getBodyAsBinaryData();
    byte[] body = sent == null ? new byte[0] : sent.toBytes();
    return new Call(request.getHttpMethod().toString(), request.getUrl().toString(), headers, body);
  }

  /** Says as Azure or the network would what went wrong. */
  private Answer said(ServingException fault, Call call) throws IOException {
    String message = String.valueOf(fault.getMessage());
    if (fault.kind() == ErrorKind.TIMEOUT) {
      throw new HttpTimeoutException("request timed out: " + message);
    }
    if (fault.kind() == ErrorKind.UNAVAILABLE && !message.contains("service unavailable")) {
      throw new SocketException(message);
    }
    boolean isBlob = call.target().service() == Target.Service.BLOBS;
    AzureError error = switch (fault.kind()) {
      case THROTTLED -> isBlob ? busy() : AzureError.throttled(Duration.ofSeconds(1));
      case UNAVAILABLE -> isBlob ? busy() : AzureError.of(503, "ServiceUnavailable", message);
      case CONFLICT ->
        isBlob ? busy() : AzureError.conflict("Another operation is in progress: " + message);
      case UNAUTHORIZED ->
        isBlob
            ? AzureError.of(401, "InvalidAuthenticationInfo", message)
            : AzureError.of(403, "AuthorizationFailed", message);
      default -> throw fault;
    };
    return (isBlob ? error.blob(call.method()) : error.arm())
        .with("x-ms-request-id", workspace.requestId());
  }

  private static AzureError busy() {
    return AzureError.of(503, "ServerBusy", "The server is busy.");
  }
}
