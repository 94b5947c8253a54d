package io.fairlead.azureml.standin;

import java.io.IOException;
import java.net.Authenticator;
import java.net.CookieHandler;
import java.net.ProxySelector;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;

/** Sends each request to the server that answers in pieces, whatever its host is, and says there which workspace it is for. */
final class ScoringHttp extends HttpClient {
  /** What follows the name and the region in the host of an endpoint. */
  static final String DOMAIN = ".inference.ml.azure.com";

  private static final HttpClient CLIENT =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  private final String key;

  ScoringHttp(String key) {
    this.key = key;
  }

  private HttpRequest redirected(HttpRequest request) {
    URI uri = request.uri();
    String query = uri.getRawQuery() == null ? "" : "?" + uri.getRawQuery();
    return HttpRequest.newBuilder(request, (name, value) -> true)
        .uri(ScoringServer.uri().resolve(path(uri) + query))
        .header(ScoringServer.WORKSPACE, key)
        .build();
  }

  /** {@return the path at the server, which has the endpoint that the host names} */
  private static String path(URI uri) {
    String host = String.valueOf(uri.getHost());
    return host.endsWith(DOMAIN)
        ? "/scoring/any/" + host.substring(0, host.indexOf('.')) + uri.getRawPath()
        : uri.getRawPath();
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
