package io.fairlead.azureml.internal.arm;

import com.azure.core.credential.SimpleTokenCache;
import com.azure.core.credential.TokenCredential;
import com.azure.core.credential.TokenRequestContext;
import com.azure.core.http.HttpHeaderName;
import com.azure.core.http.HttpPipelineCallContext;
import com.azure.core.http.HttpPipelineNextPolicy;
import com.azure.core.http.HttpResponse;
import com.azure.core.http.policy.BearerTokenAuthenticationPolicy;
import com.azure.core.http.policy.HttpPipelinePolicy;
import io.fairlead.azureml.AzureMlProvider;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.provider.Loopback;
import java.net.URI;
import java.util.Locale;
import java.util.function.Supplier;
import reactor.core.publisher.Mono;

/** The token of each call, which is sent to one host only: by azure-core's policy, or over plain HTTP on this machine. */
final class BearerPolicy implements HttpPipelinePolicy {
  private static final int HTTPS = 443;
  private static final int HTTP = 80;

  private static final int UNAUTHORIZED = 401;

  private final URI host;
  private final Supplier<HttpPipelinePolicy> withoutToken;
  private volatile HttpPipelinePolicy policy;

  private BearerPolicy(URI host, Supplier<HttpPipelinePolicy> withoutToken) {
    this.host = host;
    this.withoutToken = withoutToken;
    this.policy = withoutToken.get();
  }

  /** {@return the policy for a host} */
  static BearerPolicy of(URI host, TokenCredential credential, TokenRequestContext token) {
    boolean isPlain = "http".equals(host.getScheme());
    if (isPlain && !Loopback.isHostOf(host)) {
      throw new IllegalArgumentException(host + " must be https, or on this machine");
    }
    return new BearerPolicy(
        host,
        isPlain
            ? () -> onThisMachine(credential, token)
            : () -> new BearerTokenAuthenticationPolicy(
                credential, token.getScopes().get(0)));
  }

  /** Azure-core's own policy refuses plain HTTP everywhere. */
  private static HttpPipelinePolicy onThisMachine(
      TokenCredential credential, TokenRequestContext token) {
    SimpleTokenCache tokens = new SimpleTokenCache(() -> credential.getToken(token));
    return (context, next) -> tokens.getToken().flatMap(found -> {
      context
          .getHttpRequest()
          .setHeader(HttpHeaderName.AUTHORIZATION, "Bearer " + found.getToken());
      return next.process();
    });
  }

  /** {@return whether a location is at a host: with the same scheme, name and port} */
  static boolean isAt(URI host, URI location) {
    return location.getHost() != null
        && host.getScheme().equals(location.getScheme())
        && host.getHost()
            .toLowerCase(Locale.ROOT)
            .equals(location.getHost().toLowerCase(Locale.ROOT))
        && port(host) == port(location)
        && location.getUserInfo() == null;
  }

  private static int port(URI uri) {
    if (uri.getPort() >= 0) {
      return uri.getPort();
    }
    return "https".equals(uri.getScheme()) ? HTTPS : HTTP;
  }

  @Override
  public Mono<HttpResponse> process(HttpPipelineCallContext context, HttpPipelineNextPolicy next) {
    String url = context.getHttpRequest().getUrl().toString();
    if (!isAt(host, URI.create(url))) {
      return Mono.error(new ServingException(
          AzureMlProvider.ID,
          ErrorKind.UNKNOWN,
          "The token for " + host + " is not sent to another host"));
    }
    HttpPipelinePolicy known = policy;
    return known.process(context, next.clone()).flatMap(response -> {
      if (response.getStatusCode() != UNAUTHORIZED) {
        return Mono.just(response);
      }
      // A token may end before its time: it was refused before the request had any effect.
      response.close();
      return after(known).process(context, next);
    });
  }

  /** {@return a policy without the token that was refused, which others may have dropped already} */
  private synchronized HttpPipelinePolicy after(HttpPipelinePolicy refused) {
    if (policy == refused) {
      policy = withoutToken.get();
    }
    return policy;
  }
}
