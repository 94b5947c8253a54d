package io.fairlead.vertex.internal.storage;

import com.google.api.client.http.HttpTransport;
import com.google.api.client.http.LowLevelHttpRequest;
import com.google.api.client.http.LowLevelHttpResponse;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.HttpTimeoutException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * The HTTP transport to Cloud Storage. Each request has a deadline, which grows with the size of its body.
 *
 * <p>The SDK's own transport has no timeout for sending, and cannot be interrupted.
 */
public final class StorageTransport extends HttpTransport {
  private static final int SLOWEST_BYTES_PER_SECOND = 50_000;

  private final Duration timeout;

  /** Shared by all platforms, because its threads end only when it is garbage collected; it has no credentials. */
  private static final class Shared {
    static final HttpClient CLIENT =
        HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  }

  /** Creates a transport with a limit on each request, to which the time for its bytes is added. */
  public StorageTransport(Duration timeout) {
    this.timeout = timeout;
  }

  /** {@return the client that all platforms share} */
  public static HttpClient client() {
    return Shared.CLIENT;
  }

  @Override
  protected LowLevelHttpRequest buildRequest(String method, String url) {
    return new Request(method, url);
  }

  private Duration timeFor(long bytes) {
    return timeout.plusSeconds(bytes / SLOWEST_BYTES_PER_SECOND);
  }

  private final class Request extends LowLevelHttpRequest {
    private final String method;
    private final HttpRequest.Builder request;

    Request(String method, String url) {
      this.method = method;
      this.request = HttpRequest.newBuilder(URI.create(url));
    }

    @Override
    public void addHeader(String name, String value) {
      request.header(name, value);
    }

    @Override
    public LowLevelHttpResponse execute() throws IOException {
      Body body = new Body();
      var content = getStreamingContent();
      if (content != null) {
        content.writeTo(body);
        header("Content-Type", getContentType());
        header("Content-Encoding", getContentEncoding());
      }
      request.method(method, content == null ? BodyPublishers.noBody() : body.publisher());
      return new Response(send(request.build(), timeFor(body.size())));
    }

    private void header(String name, @Nullable String value) {
      if (value != null) {
        request.setHeader(name, value);
      }
    }
  }

  private HttpResponse<byte[]> send(HttpRequest request, Duration limit) throws IOException {
    CompletableFuture<HttpResponse<byte[]>> answer =
        Shared.CLIENT.sendAsync(request, BodyHandlers.ofByteArray());
    try {
      return answer.get(limit.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      answer.cancel(true);
      Thread.currentThread().interrupt();
      InterruptedIOException interrupted = new InterruptedIOException("interrupted");
      interrupted.initCause(e);
      throw interrupted;
    } catch (TimeoutException e) {
      answer.cancel(true);
      HttpTimeoutException late = new HttpTimeoutException("no answer within " + limit);
      late.initCause(e);
      throw late;
    } catch (ExecutionException e) {
      throw e.getCause() instanceof IOException broken ? broken : new IOException(e.getCause());
    }
  }

  /** A buffer for a body, which is sent without another copy. */
  private static final class Body extends ByteArrayOutputStream {
    BodyPublisher publisher() {
      return BodyPublishers.ofByteArray(buf, 0, count);
    }
  }

  private static final class Response extends LowLevelHttpResponse {
    private final HttpResponse<byte[]> response;
    private final List<Map.Entry<String, String>> headers = new ArrayList<>();

    Response(HttpResponse<byte[]> response) {
      this.response = response;
      response
          .headers()
          .map()
          .forEach((name, values) -> values.forEach(value -> headers.add(Map.entry(name, value))));
    }

    private @Nullable String header(String name) {
      return response.headers().firstValue(name).orElse(null);
    }

    @Override
    public InputStream getContent() {
      return new ByteArrayInputStream(response.body());
    }

    @Override
    public @Nullable String getContentEncoding() {
      return header("Content-Encoding");
    }

    @Override
    public long getContentLength() {
      return response.body().length;
    }

    @Override
    public @Nullable String getContentType() {
      return header("Content-Type");
    }

    @Override
    public String getStatusLine() {
      return "HTTP/1.1 " + response.statusCode();
    }

    @Override
    public int getStatusCode() {
      return response.statusCode();
    }

    @Override
    public @Nullable String getReasonPhrase() {
      return null;
    }

    @Override
    public int getHeaderCount() {
      return headers.size();
    }

    @Override
    public String getHeaderName(int index) {
      return headers.get(index).getKey();
    }

    @Override
    public String getHeaderValue(int index) {
      return headers.get(index).getValue();
    }
  }
}
