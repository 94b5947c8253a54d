package io.fairlead.vertex.standin;

import java.io.IOException;
import java.net.Authenticator;
import java.net.CookieHandler;
import java.net.ProxySelector;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;

/** Sends each request to the stand-in, whatever its host is, and says there which that was: as a proxy does. */
final class RedirectingHttp extends HttpClient {
  /** One for all projects, because each has threads. */
  private static final HttpClient CLIENT =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  private final URI standIn;
  private final Map<String, String> headers;

  RedirectingHttp(URI standIn, Map<String, String> headers) {
    this.standIn = standIn;
    this.headers = headers;
  }

  private HttpRequest redirected(HttpRequest request) {
    HttpRequest.Builder redirected = HttpRequest.newBuilder(request, (name, value) -> true)
        .uri(standIn.resolve(request.uri().getRawPath()))
        .header(Invokes.HOST, request.uri().getHost());
    headers.forEach(redirected::header);
    return redirected.build();
  }

  @Override
  public <T> HttpResponse<T> send(HttpRequest request, HttpResponse.BodyHandler<T> handler)
      throws IOException, InterruptedException {
    return CLIENT.send(redirected(request), handler);
  }

  @Override
  public <T> CompletableFuture<HttpResponse<T>> sendAsync(
      HttpRequest request, HttpResponse.BodyHandler<T> handler) {
    return CLIENT.sendAsync(redirected(request), handler);
  }

  @Override
  public <T> CompletableFuture<HttpResponse<T>> sendAsync(
      HttpRequest request,
      HttpResponse.BodyHandler<T> handler,
      HttpResponse.PushPromiseHandler<T> pushed) {
    return CLIENT.sendAsync(redirected(request), handler, pushed);
  }

  @Override
  public Optional<CookieHandler> cookieHandler() {
    return CLIENT.cookieHandler();
  }

  @Override
  public Optional<Duration> connectTimeout() {
    return CLIENT.connectTimeout();
  }

  @Override
  public Redirect followRedirects() {
    return CLIENT.followRedirects();
  }

  @Override
  public Optional<ProxySelector> proxy() {
    return CLIENT.proxy();
  }

  @Override
  public SSLContext sslContext() {
    return CLIENT.sslContext();
  }

  @Override
  public SSLParameters sslParameters() {
    return CLIENT.sslParameters();
  }

  @Override
  public Optional<Authenticator> authenticator() {
    return CLIENT.authenticator();
  }

  @Override
  public Version version() {
    return CLIENT.version();
  }

  @Override
  public Optional<Executor> executor() {
    return CLIENT.executor();
  }
}
