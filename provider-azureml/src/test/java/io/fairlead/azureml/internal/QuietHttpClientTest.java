package io.fairlead.azureml.internal;

import static org.assertj.core.api.Assertions.assertThat;

import com.azure.core.http.HttpClient;
import com.azure.core.http.HttpHeader;
import com.azure.core.http.HttpHeaderName;
import com.azure.core.http.HttpMethod;
import com.azure.core.http.HttpRequest;
import com.azure.core.util.Context;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;

class QuietHttpClientTest {
  private final List<HttpRequest> sent = new ArrayList<>();
  private final HttpClient client = new QuietHttpClient(request -> {
    sent.add(request);
    return Mono.empty();
  });

  private static HttpRequest request() {
    return new HttpRequest(HttpMethod.PUT, "https://example.com/one")
        .setHeader(HttpHeaderName.ACCEPT, "application/json")
        .setBody("{}");
  }

  @Test
  void theLengthOfABodyIsToldWhenItIsAskedForAndNotCopied() {
    client.send(request()).block();
    client.send(request(), Context.NONE).block();
    client.sendSync(request(), Context.NONE);

    assertThat(sent).hasSize(3).allSatisfy(request -> {
      assertThat(request.getHeaders().getValue(HttpHeaderName.CONTENT_LENGTH)).isEqualTo("2");
      assertThat(request.getHeaders()).extracting(HttpHeader::getName).containsExactly("Accept");
      assertThat(request.getBodyAsBinaryData()).hasToString("{}");
      assertThat(request.getHttpMethod()).isEqualTo(HttpMethod.PUT);
      assertThat(request.getUrl()).hasToString("https://example.com/one");
    });
  }

  @Test
  void theRequestOfTheCallerStaysAsItIs() {
    HttpRequest request = request();

    client.send(request).block();

    assertThat(request.getHeaders())
        .extracting(HttpHeader::getName)
        .containsExactlyInAnyOrder("Accept", "Content-Length");
  }
}
