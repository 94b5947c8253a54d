package io.fairlead.vertex.internal.storage;

import com.google.api.client.http.HttpTransport;
import com.google.api.client.http.LowLevelHttpRequest;
import com.google.api.client.http.LowLevelHttpResponse;
import com.google.api.client.testing.http.MockLowLevelHttpResponse;
import com.google.api.gax.retrying.RetrySettings;
import com.google.cloud.NoCredentials;
import com.google.cloud.http.HttpTransportOptions;
import com.google.cloud.storage.Storage;
import com.google.cloud.storage.StorageOptions;
import io.fairlead.contract.Faults;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.vertex.standin.StandIn;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.time.Duration;

/** Runs each request to Cloud Storage through {@link Faults}, and says what these do as it or the network would. */
final class BrokenTransport extends HttpTransport {
  private final StorageTransport transport = new StorageTransport(Duration.ofSeconds(30));
  private final Faults faults;

  private BrokenTransport(Faults faults) {
    this.faults = faults;
  }

  /** {@return a client of the stand-in, each request of which goes through the faults and is made once} */
  static Storage storage(Faults faults) {
    BrokenTransport broken = new BrokenTransport(faults);
    return StorageOptions.http()
        .setHost(StandIn.storage().toString())
        .setProjectId("any")
        .setCredentials(NoCredentials.getInstance())
        .setRetrySettings(RetrySettings.newBuilder().setMaxAttempts(1).build())
        .setTransportOptions(HttpTransportOptions.newBuilder()
            .setHttpTransportFactory(() -> broken)
            .build())
        .build()
        .getService();
  }

  @Override
  protected LowLevelHttpRequest buildRequest(String method, String url) {
    LowLevelHttpRequest request = transport.buildRequest(method, url);
    String name = method + " " + URI.create(url).getRawPath();
    return new LowLevelHttpRequest() {
      @Override
      public void addHeader(String header, String value) throws IOException {
        request.addHeader(header, value);
      }

      @Override
      public LowLevelHttpResponse execute() throws IOException {
        if (getStreamingContent() != null) {
          request.setStreamingContent(getStreamingContent());
          request.setContentType(getContentType());
          request.setContentEncoding(getContentEncoding());
          request.setContentLength(getContentLength());
        }
        try {
          return faults.call(name, () -> really(request));
        } catch (UncheckedIOException e) {
          throw e.getCause();
        } catch (ServingException fault) {
          return said(fault);
        }
      }
    };
  }

  private static LowLevelHttpResponse really(LowLevelHttpRequest request) {
    try {
      return request.execute();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static LowLevelHttpResponse said(ServingException fault) throws IOException {
    String message = String.valueOf(fault.getMessage());
    if (fault.kind() == ErrorKind.TIMEOUT) {
      throw new SocketTimeoutException(message);
    }
    if (fault.kind() == ErrorKind.UNAVAILABLE && !message.contains("service unavailable")) {
      throw new SocketException(message);
    }
    int code = switch (fault.kind()) {
      case THROTTLED -> 429;
      case UNAVAILABLE -> 503;
      case CONFLICT -> 409;
      case UNAUTHORIZED -> 401;
      default -> throw fault;
    };
    return new MockLowLevelHttpResponse()
        .setStatusCode(code)
        .setContentType("application/json")
        .setContent("{\"error\":{\"code\":" + code + ",\"message\":\"" + message + "\"}}");
  }
}
