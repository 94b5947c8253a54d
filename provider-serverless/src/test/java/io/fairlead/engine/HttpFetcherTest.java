package io.fairlead.engine;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.entry;

import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import io.fairlead.contract.Tls;
import io.fairlead.grammar.InvalidValueException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import javax.net.ssl.HttpsURLConnection;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocketFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class HttpFetcherTest {
  @ParameterizedTest
  @CsvSource({
    "https://a/x, https://b/y,      true",
    "https://a/x, HTTPS://b/y,      true",
    "https://a/x, http://a/x,       false",
    "https://a/x, file:///etc/x,    false",
    "https://a/x, ftp://a/x,        false",
    "http://a/x,  http://a/y,       false",
    "http://a/x,  https://a/y,      false",
  })
  void redirectsAreFollowedFromHttpsToHttpsOnly(URI from, URI to, boolean followed) {
    assertThat(HttpFetcher.isFollowed(from, to)).isEqualTo(followed);
  }

  @Test
  void aRedirectIsFollowedWithoutTheHeadersThatWereForTheFirstHost(@TempDir Path folder)
      throws Exception {
    SSLContext context = Tls.in(folder).context();
    Map<String, String> asked = new ConcurrentHashMap<>();
    InetAddress loopback = InetAddress.getLoopbackAddress();
    HttpsServer first = HttpsServer.create(new InetSocketAddress(loopback, 0), 0);
    HttpsServer second = HttpsServer.create(new InetSocketAddress(loopback, 0), 0);
    SSLSocketFactory before = HttpsURLConnection.getDefaultSSLSocketFactory();
    try {
      HttpsURLConnection.setDefaultSSLSocketFactory(context.getSocketFactory());
      for (HttpsServer server : List.of(first, second)) {
        server.setHttpsConfigurator(new HttpsConfigurator(context));
        server.createContext("/", exchange -> {
          String path = exchange.getRequestURI().toString();
          asked.put(path, String.valueOf(exchange.getRequestHeaders().getFirst("Authorization")));
          if (path.equals("/model")) {
            exchange.getResponseHeaders().set("Location", "/again");
            exchange.sendResponseHeaders(307, -1);
          } else if (path.equals("/again")) {
            exchange
                .getResponseHeaders()
                .set(
                    "Location",
                    "https://127.0.0.1:" + second.getAddress().getPort() + "/there?a=b");
            exchange.sendResponseHeaders(302, -1);
          } else if (path.equals("/round")) {
            exchange.getResponseHeaders().set("Location", "/round");
            exchange.sendResponseHeaders(302, -1);
          } else {
            exchange.sendResponseHeaders(200, 5);
            exchange.getResponseBody().write("model".getBytes(UTF_8));
          }
          exchange.close();
        });
        server.start();
      }
      HttpFetcher fetcher = new HttpFetcher().withHeader("Authorization", "Bearer t");
      URI at = URI.create("https://127.0.0.1:" + first.getAddress().getPort());

      try (Download download = fetcher.fetch(at.resolve("/model"), "")) {
        assertThat(download.content()).hasContent("model");
        assertThat(download.length()).hasValue(5);
      }

      assertThat(asked)
          .containsOnly(
              entry("/model", "Bearer t"),
              entry("/again", "Bearer t"),
              entry("/there?a=b", "null"));
      assertThatThrownBy(() -> fetcher.fetch(at.resolve("/round"), ""))
          .hasMessage("it redirects more than 5 times");
    } finally {
      HttpsURLConnection.setDefaultSSLSocketFactory(before);
      first.stop(0);
      second.stop(0);
    }
  }

  @Test
  void settingsThatCannotBeAreRefused() {
    assertThatThrownBy(() -> new HttpFetcher().withTimeout(Duration.ZERO))
        .isInstanceOf(InvalidValueException.class)
        .hasMessageContaining("timeout");
    assertThatThrownBy(() -> new HttpFetcher().withMaxBytes(0))
        .isInstanceOf(InvalidValueException.class)
        .hasMessageContaining("maxBytes");
  }
}
