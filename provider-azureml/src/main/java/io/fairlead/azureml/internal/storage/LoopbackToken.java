package io.fairlead.azureml.internal.storage;

import com.azure.core.credential.TokenCredential;
import com.azure.core.credential.TokenRequestContext;
import com.azure.core.http.HttpHeaderName;
import com.azure.core.http.HttpPipelineCallContext;
import com.azure.core.http.HttpPipelineNextPolicy;
import com.azure.core.http.HttpPipelineNextSyncPolicy;
import com.azure.core.http.HttpResponse;
import com.azure.core.http.policy.HttpPipelinePolicy;
import io.fairlead.provider.Loopback;
import java.net.URI;
import reactor.core.publisher.Mono;

/** The token of a credential in requests in plaintext to this machine, which the SDK refuses; to no other host. */
final class LoopbackToken implements HttpPipelinePolicy {
  private static final TokenRequestContext SCOPE =
      new TokenRequestContext().addScopes("https://storage.azure.com/.default");

  private final TokenCredential credential;

  LoopbackToken(TokenCredential credential) {
    this.credential = credential;
  }

  @Override
  public Mono<HttpResponse> process(HttpPipelineCallContext context, HttpPipelineNextPolicy next) {
    return Mono.defer(() -> {
      sign(context);
      return next.process();
    });
  }

  @Override
  public HttpResponse processSync(
      HttpPipelineCallContext context, HttpPipelineNextSyncPolicy next) {
    sign(context);
    return next.processSync();
  }

  private void sign(HttpPipelineCallContext context) {
    String host = URI.create(context.getHttpRequest().getUrl().toString()).getHost();
    if (!Loopback.isHost(host)) {
      throw new IllegalStateException("no token is sent in plaintext to " + host);
    }
    context
        .getHttpRequest()
        .setHeader(
            HttpHeaderName.AUTHORIZATION,
            "Bearer " + credential.getTokenSync(SCOPE).getToken());
  }
}
