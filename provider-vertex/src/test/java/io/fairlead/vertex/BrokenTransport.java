package io.fairlead.vertex;

import com.google.api.client.http.HttpTransport;
import com.google.api.client.http.LowLevelHttpRequest;
import com.google.api.client.http.LowLevelHttpResponse;
import com.google.api.client.testing.http.MockLowLevelHttpResponse;
import io.fairlead.contract.Faults;
import io.fairlead.error.ServingException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Runs each request to Cloud Storage through {@link Faults}, whose failures cut the connection. */
final class BrokenTransport extends HttpTransport {
  private final Faults faults;

  BrokenTransport(Faults faults) {
    this.faults = faults;
  }

  @Override
  protected LowLevelHttpRequest buildRequest(String method, String url) {
    return new Broken(faults, method, URI.create(url));
  }

  private static final class Broken extends LowLevelHttpRequest {
    private final Faults faults;
    private final String method;
    private final URI uri;
    private final List<Map.Entry<String, String>> headers = new ArrayList<>();

    Broken(Faults faults, String method, URI uri) {
      this.faults = faults;
      this.method = method;
      this.uri = uri;
    }

    @Override
    public void addHeader(String name, String value) {
      headers.add(Map.entry(name, value));
    }

    @Override
    public LowLevelHttpResponse execute() throws IOException {
      try {
        return faults.call(method + " " + uri.getPath(), this::really);
      } catch (UncheckedIOException e) {
        throw e.getCause();
      } catch (ServingException e) {
        throw new IOException(e.getMessage(), e);
      }
    }

    private LowLevelHttpResponse really() {
      try {
        HttpURLConnection connection = (HttpURLConnection) uri.toURL().openConnection();
        connection.setRequestMethod(method);
        headers.forEach(
            header -> connection.addRequestProperty(header.getKey(), header.getValue()));
        if (getStreamingContent() != null) {
          ByteArrayOutputStream content = new ByteArrayOutputStream();
          getStreamingContent().writeTo(content);
          connection.setDoOutput(true);
          if (getContentType() != null) {
            connection.setRequestProperty("Content-Type", getContentType());
          }
          if (getContentEncoding() != null) {
            connection.setRequestProperty("Content-Encoding", getContentEncoding());
          }
          connection.getOutputStream().write(content.toByteArray());
        }
        return response(connection);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    private static LowLevelHttpResponse response(HttpURLConnection connection) throws IOException {
      MockLowLevelHttpResponse response =
          new MockLowLevelHttpResponse().setStatusCode(connection.getResponseCode());
      connection.getHeaderFields().forEach((name, values) -> {
        if (name != null) {
          values.forEach(value -> response.addHeader(name, value));
        }
      });
      response.setContentType(connection.getContentType());
      var body = connection.getResponseCode() < 400
          ? connection.getInputStream()
          : connection.getErrorStream();
      return response.setContent(body == null ? new byte[0] : body.readAllBytes());
    }
  }
}
