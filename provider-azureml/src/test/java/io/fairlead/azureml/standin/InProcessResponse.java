package io.fairlead.azureml.standin;

import com.azure.core.http.HttpHeaderName;
import com.azure.core.http.HttpHeaders;
import com.azure.core.http.HttpRequest;
import com.azure.core.http.HttpResponse;
import com.azure.core.util.BinaryData;
import com.azure.core.util.CoreUtils;
import java.nio.ByteBuffer;
import java.nio.charset.Charset;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** An answer as clients of the SDK get it. */
final class InProcessResponse extends HttpResponse {
  private final Answer answer;
  private final byte[] body;
  private final HttpHeaders headers = new HttpHeaders();

  InProcessResponse(HttpRequest request, Answer answer) {
    super(request);
    this.answer = answer;
    body = answer.body();
    answer.headers().forEach((name, value) -> headers.set(HttpHeaderName.fromString(name), value));
    if (headers.get(HttpHeaderName.CONTENT_LENGTH) == null) {
      headers.set(HttpHeaderName.CONTENT_LENGTH, String.valueOf(body.length));
    }
  }

  @Override
  public int getStatusCode() {
    return answer.status();
  }

  @Override
  @Deprecated
  public @Nullable String getHeaderValue(String name) {
    return headers.getValue(HttpHeaderName.fromString(name));
  }

  @Override
  public HttpHeaders getHeaders() {
    return headers;
  }

  @Override
  public Flux<ByteBuffer> getBody() {
    return Flux.defer(() -> Flux.just(ByteBuffer.wrap(body)));
  }

  @Override
  public BinaryData getBodyAsBinaryData() {
    return BinaryData.fromBytes(body);
  }

  @Override
  public Mono<byte[]> getBodyAsByteArray() {
    return Mono.fromCallable(body::clone);
  }

  @Override
  public Mono<String> getBodyAsString() {
    return Mono.fromCallable(
        () -> CoreUtils.bomAwareToString(body, headers.getValue(HttpHeaderName.CONTENT_TYPE)));
  }

  @Override
  public Mono<String> getBodyAsString(Charset charset) {
    return Mono.fromCallable(() -> new String(body, charset));
  }
}
