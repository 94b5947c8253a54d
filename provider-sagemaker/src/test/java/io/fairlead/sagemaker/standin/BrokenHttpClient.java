package io.fairlead.sagemaker.standin;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fairlead.contract.Faults;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.util.List;
import java.util.Optional;
import software.amazon.awssdk.http.AbortableInputStream;
import software.amazon.awssdk.http.ExecutableHttpRequest;
import software.amazon.awssdk.http.HttpExecuteRequest;
import software.amazon.awssdk.http.HttpExecuteResponse;
import software.amazon.awssdk.http.SdkHttpClient;
import software.amazon.awssdk.http.SdkHttpRequest;

/**
 * A client that runs each request through {@link Faults}, and says what these do as AWS or the network would.
 *
 * <p>A call is named {@code CreateEndpoint my-endpoint}, {@code RegisterScalableTarget endpoint/E/variant/V}, or by
 * method, path and query: {@code PUT /bucket/key}, {@code GET /bucket?list-type=2}, {@code POST
 * /endpoints/E/invocations}.
 */
public final class BrokenHttpClient implements SdkHttpClient {
  private static final List<String> NAMES = List.of(
      "InferenceComponentName",
      "EndpointConfigName",
      "EndpointName",
      "ModelName",
      "ResourceArn",
      "ResourceId");

  private final SdkHttpClient client;
  private final Faults faults;

  /** Makes a client that closes the other when it is closed. */
  public BrokenHttpClient(SdkHttpClient client, Faults faults) {
    this.client = client;
    this.faults = faults;
  }

  @Override
  public ExecutableHttpRequest prepareRequest(HttpExecuteRequest request) {
    ExecutableHttpRequest prepared = client.prepareRequest(request);
    return new ExecutableHttpRequest() {
      @Override
      public HttpExecuteResponse call() throws IOException {
        return execute(request, prepared);
      }

      @Override
      public void abort() {
        prepared.abort();
      }
    };
  }

  @Override
  public void close() {
    client.close();
  }

  @Override
  public String clientName() {
    return client.clientName();
  }

  private HttpExecuteResponse execute(HttpExecuteRequest request, ExecutableHttpRequest prepared)
      throws IOException {
    HttpExecuteResponse[] answered = new HttpExecuteResponse[1];
    boolean delivered = false;
    try {
      HttpExecuteResponse response = faults.call(name(request), () -> {
        answered[0] = really(prepared);
        return answered[0];
      });
      delivered = true;
      return response;
    } catch (UncheckedIOException e) {
      throw e.getCause();
    } catch (ServingException fault) {
      return said(fault, request.httpRequest());
    } finally {
      if (!delivered && answered[0] != null) {
        answered[0].responseBody().ifPresent(AbortableInputStream::abort);
      }
    }
  }

  private static HttpExecuteResponse really(ExecutableHttpRequest prepared) {
    try {
      return prepared.call();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static String name(HttpExecuteRequest request) throws IOException {
    SdkHttpRequest http = request.httpRequest();
    Optional<String> target = http.firstMatchingHeader("X-Amz-Target");
    if (target.isPresent()) {
      ObjectNode in = Json.object();
      if (request.contentStreamProvider().isPresent()) {
        try (InputStream body = request.contentStreamProvider().get().newStream()) {
          in = Json.parse(body.readAllBytes());
        }
      }
      String operation = target.get().substring(target.get().indexOf('.') + 1);
      if (operation.endsWith("Endpoint") && in.hasNonNull("EndpointName")) {
        return operation + " " + in.get("EndpointName").asText();
      }
      for (String name : NAMES) {
        if (in.hasNonNull(name)) {
          return operation + " " + in.get(name).asText();
        }
      }
      return operation;
    }
    StringBuilder query = new StringBuilder();
    http.rawQueryParameters().forEach((name, values) -> {
      if (!name.equals("x-id")) {
        String value = values.isEmpty() || values.get(0) == null ? "" : "=" + values.get(0);
        query.append(query.isEmpty() ? "?" : "&").append(name).append(value);
      }
    });
    return http.method() + " " + http.encodedPath() + query;
  }

  /** Says as AWS or the network would what went wrong. */
  static HttpExecuteResponse said(ServingException fault, SdkHttpRequest request)
      throws IOException {
    String message = String.valueOf(fault.getMessage());
    if (fault.kind() == ErrorKind.TIMEOUT) {
      throw new SocketTimeoutException("Read timed out: " + message);
    }
    if (fault.kind() == ErrorKind.UNAVAILABLE && !message.contains("service unavailable")) {
      throw new SocketException(message);
    }
    String service = service(request);
    AwsError error = switch (fault.kind()) {
      case THROTTLED ->
        service.equals("s3")
            ? AwsError.of(503, "SlowDown", message)
            : AwsError.of(400, "ThrottlingException", message);
      case UNAVAILABLE -> AwsError.of(503, "ServiceUnavailable", message);
      case CONFLICT -> conflict(service, message);
      case UNAUTHORIZED ->
        service.equals("s3")
            ? AwsError.of(400, "ExpiredToken", message)
            : AwsError.of(400, "ExpiredTokenException", message);
      default -> throw fault;
    };
    return InProcessClient.response(error
        .answer(service, request.method().name())
        .with("x-amzn-RequestId", "00000000-0000-0000-0000-000000000000"));
  }

  private static AwsError conflict(String service, String message) {
    return switch (service) {
      case "s3" -> AwsError.of(409, "OperationAborted", message);
      case "application-autoscaling" -> AwsError.of(400, "ConcurrentUpdateException", message);
      case "sagemaker" -> AwsError.validation("Cannot update in-progress endpoint: " + message);
      default -> AwsError.of(503, "ServiceUnavailable", message);
    };
  }

  /** {@return sagemaker, application-autoscaling, logs, s3, or runtime} */
  private static String service(SdkHttpRequest request) {
    Optional<String> target = request.firstMatchingHeader("X-Amz-Target");
    if (target.isPresent()) {
      return target.get().startsWith("SageMaker.")
          ? "sagemaker"
          : target.get().startsWith("Logs_") ? "logs" : "application-autoscaling";
    }
    boolean isS3 =
        request.firstMatchingHeader("Authorization").orElse("").contains("/s3/aws4_request");
    return isS3 ? "s3" : "runtime";
  }
}
