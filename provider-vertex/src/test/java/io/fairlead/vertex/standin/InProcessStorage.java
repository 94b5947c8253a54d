package io.fairlead.vertex.standin;

import com.google.api.client.http.HttpTransport;
import com.google.api.client.http.LowLevelHttpRequest;
import com.google.api.client.http.LowLevelHttpResponse;
import com.google.api.client.testing.http.MockLowLevelHttpResponse;
import com.google.api.gax.retrying.RetrySettings;
import com.google.cloud.NoCredentials;
import com.google.cloud.http.HttpTransportOptions;
import com.google.cloud.storage.Storage;
import com.google.cloud.storage.StorageOptions;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;

/** Carries the requests to Cloud Storage no farther than the thread that makes them: all of HTTP but its wire. */
final class InProcessStorage extends HttpTransport {
  private final World world;

  private InProcessStorage(World world) {
    this.world = world;
  }

  /** {@return a client that makes each request once} */
  static Storage client(World world) {
    InProcessStorage transport = new InProcessStorage(world);
    return StorageOptions.http()
        .setHost("http://storage.invalid")
        .setProjectId("any")
        .setCredentials(NoCredentials.getInstance())
        .setRetrySettings(RetrySettings.newBuilder().setMaxAttempts(1).build())
        .setTransportOptions(HttpTransportOptions.newBuilder()
            .setHttpTransportFactory(() -> transport)
            .build())
        .build()
        .getService();
  }

  @Override
  protected LowLevelHttpRequest buildRequest(String method, String url) {
    Map<String, String> headers = new HashMap<>();
    return new LowLevelHttpRequest() {
      @Override
      public void addHeader(String name, String value) {
        headers.put(name.toLowerCase(Locale.ROOT), value);
      }

      @Override
      public LowLevelHttpResponse execute() throws IOException {
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        if (getStreamingContent() != null) {
          getStreamingContent().writeTo(body);
          if (getContentType() != null) {
            addHeader("Content-Type", getContentType());
          }
          if (getContentEncoding() != null) {
            addHeader("Content-Encoding", getContentEncoding());
          }
        }
        return response(
            CloudStorage.answer(world, method, URI.create(url), headers, body.toByteArray())
                .orElseThrow(() -> new SocketTimeoutException("the stand-in does not answer")));
      }
    };
  }

  private static LowLevelHttpResponse response(CloudStorage.Reply reply) {
    MockLowLevelHttpResponse response = new MockLowLevelHttpResponse()
        .setStatusCode(reply.status())
        .setContentType(reply.headers().getOrDefault("Content-Type", "text/plain"))
        .setContent(reply.bytes().toByteArray());
    reply.headers().forEach(response::addHeader);
    return response;
  }
}
