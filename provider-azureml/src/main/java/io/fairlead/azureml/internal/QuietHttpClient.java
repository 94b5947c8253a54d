package io.fairlead.azureml.internal;

import com.azure.core.http.HttpClient;
import com.azure.core.http.HttpHeaderName;
import com.azure.core.http.HttpHeaders;
import com.azure.core.http.HttpRequest;
import com.azure.core.http.HttpResponse;
import com.azure.core.util.Context;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * Azure's client over that of the JDK, without the warning that it logs for each request with a body.
 *
 * <p>It reads the length of a body from the header that the SDK sets, and warns when it comes to copy that header, which
 * the JDK sets itself.
 */
final class QuietHttpClient implements HttpClient {
  private final HttpClient client;

  QuietHttpClient(HttpClient client) {
    this.client = client;
  }

  @Override
  public Mono<HttpResponse> send(HttpRequest request) {
    return client.send(quiet(request));
  }

  @Override
  public Mono<HttpResponse> send(HttpRequest request, Context context) {
    return client.send(quiet(request), context);
  }

  @Override
  public HttpResponse sendSync(HttpRequest request, Context context) {
    return client.sendSync(quiet(request), context);
  }

  private static HttpRequest quiet(HttpRequest request) {
    return request.copy().setHeaders(new Headers(request.getHeaders()));
  }

  /** Headers that tell the length to whoever asks for it, and not to whoever copies them. */
  private static final class Headers extends HttpHeaders {
    private final @Nullable String length;

    Headers(HttpHeaders all) {
      super(all);
      this.length = all.getValue(HttpHeaderName.CONTENT_LENGTH);
      remove(HttpHeaderName.CONTENT_LENGTH);
    }

    @Override
    public @Nullable String getValue(HttpHeaderName name) {
      return HttpHeaderName.CONTENT_LENGTH.equals(name) ? length : super.getValue(name);
    }
  }
}
