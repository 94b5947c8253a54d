package io.fairlead.azureml.internal.storage;

import com.azure.core.http.HttpHeaders;
import com.azure.core.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * An answer whose body has arrived.
 *
 * <p>A failure whose body is not Azure's, such as the page of a proxy, has none: the SDK would report that it cannot
 * read it, in place of the status.
 */
final class WholeAnswer extends HttpResponse {
  private static final int BAD_REQUEST = 400;

  private final int status;
  private final HttpHeaders headers;
  private final byte[] body;

  WholeAnswer(HttpResponse answer, byte[] body) {
    super(answer.getRequest());
    this.status = answer.getStatusCode();
    this.headers = answer.getHeaders();
    this.body = status < BAD_REQUEST || isAzures(body) ? body : new byte[0];
  }

  private static boolean isAzures(byte[] body) {
    return new String(body, StandardCharsets.UTF_8).contains("<Error>");
  }

  @Override
  public int getStatusCode() {
    return status;
  }

  @Override
  @Deprecated
  public @Nullable String getHeaderValue(String name) {
    return headers.getValue(name);
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
  public Mono<byte[]> getBodyAsByteArray() {
    return Mono.just(body);
  }

  @Override
  public Mono<String> getBodyAsString() {
    return getBodyAsString(StandardCharsets.UTF_8);
  }

  @Override
  public Mono<String> getBodyAsString(Charset charset) {
    return Mono.fromSupplier(() -> new String(body, charset));
  }
}
