package io.fairlead.azureml.internal.arm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.azure.core.credential.AccessToken;
import com.azure.core.credential.TokenCredential;
import com.azure.core.credential.TokenRequestContext;
import com.azure.core.http.HttpMethod;
import com.azure.core.http.HttpPipeline;
import com.azure.core.http.HttpPipelineBuilder;
import com.azure.core.http.HttpRequest;
import com.azure.core.http.HttpResponse;
import com.azure.core.http.jdk.httpclient.JdkHttpClientBuilder;
import io.fairlead.azureml.internal.arm.ArmServer.Asked;
import io.fairlead.contract.Tls;
import java.net.URI;
import java.net.http.HttpClient;
import java.nio.file.Path;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import reactor.core.publisher.Mono;

@Timeout(60)
class BearerPolicyTest {
  private static final TokenRequestContext SCOPE =
      new TokenRequestContext().addScopes("https://management.azure.com/.default");

  @TempDir
  private Path folder;

  private final AtomicInteger fetched = new AtomicInteger();
  private final TokenCredential credential = context -> Mono.just(new AccessToken(
      "token-" + fetched.incrementAndGet(), OffsetDateTime.now(ZoneOffset.UTC).plusHours(1)));

  @ParameterizedTest
  @CsvSource({
    "https://management.azure.com, https://management.azure.com/x, true",
    "https://management.azure.com, https://MANAGEMENT.azure.com:443/x, true",
    "https://management.azure.com:443, https://management.azure.com/x, true",
    "https://management.azure.com, http://management.azure.com/x, false",
    "https://management.azure.com, https://management.azure.com:444/x, false",
    "https://management.azure.com, https://me@management.azure.com/x, false",
    "https://management.azure.com, https://management.azure.com.example.com/x, false",
    "https://management.azure.com, https://management.azure.com@example.com/x, false",
    "https://management.azure.com, /x, false",
    "http://127.0.0.1:80, http://127.0.0.1/x, true",
    "http://127.0.0.1:81, http://127.0.0.1/x, false"
  })
  void aHostIsTheSameBySchemeNameAndPort(URI host, URI location, boolean isSame) {
    assertThat(BearerPolicy.isAt(host, location)).isEqualTo(isSame);
  }

  @Test
  void plainHttpToAnotherMachineIsRefused() {
    URI host = URI.create("http://management.azure.com");

    assertThatThrownBy(() -> BearerPolicy.of(host, credential, SCOPE))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("must be https, or on this machine");
  }

  @Test
  void aRequestToAnotherHostGetsNoTokenAndIsNotSent() throws Exception {
    try (ArmServer server = new ArmServer();
        ArmServer other = new ArmServer()) {
      HttpPipeline pipeline = pipeline(server.host(), HttpClient.newBuilder());

      assertThatThrownBy(() -> send(pipeline, other.host()))
          .hasMessageContaining("is not sent to another host");
      assertThat(other.asked()).isEmpty();
      assertThat(fetched).hasValue(0);
    }
  }

  @Test
  void overTlsItIsAzureCoresOwnPolicyAndATokenThatIsRefusedIsFetchedAnewOnce() throws Exception {
    SSLContext tls = Tls.in(folder).context();
    HttpClient.Builder trusting = HttpClient.newBuilder().sslContext(tls);
    try (ArmServer server = ArmServer.overTls(tls)) {
      HttpPipeline pipeline = pipeline(server.host(), trusting);
      server.answers(exchange -> {
        boolean isOld = exchange.getRequestHeaders().getFirst("Authorization").endsWith("token-1");
        ArmServer.respond(exchange, isOld ? 401 : 200, "{}");
      });

      assertThat(send(pipeline, server.host())).isEqualTo(200);
      assertThat(send(pipeline, server.host())).isEqualTo(200);

      assertThat(server.asked())
          .extracting(Asked::authorization)
          .containsExactly("Bearer token-1", "Bearer token-2", "Bearer token-2");
      server.answers(401, "{}");
      assertThat(send(pipeline, server.host())).isEqualTo(401);
      assertThat(server.asked()).hasSize(5);
    }
  }

  private HttpPipeline pipeline(URI host, HttpClient.Builder client) {
    return new HttpPipelineBuilder()
        .httpClient(new JdkHttpClientBuilder(client).build())
        .policies(BearerPolicy.of(host, credential, SCOPE))
        .build();
  }

  private static int send(HttpPipeline pipeline, URI host) throws Exception {
    Mono<HttpResponse> answer =
        pipeline.send(new HttpRequest(HttpMethod.GET, host + "/subscriptions"));
    HttpResponse response = answer.toFuture().get();
    response.close();
    return response.getStatusCode();
  }
}
