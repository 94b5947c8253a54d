package io.fairlead.azureml;

import com.azure.core.credential.AccessToken;
import com.azure.core.credential.TokenCredential;
import com.azure.core.credential.TokenRequestContext;
import com.azure.core.exception.ClientAuthenticationException;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.List;
import reactor.core.publisher.Mono;

/**
 * A credential that is one token for Azure Resource Manager, whose end is not known.
 *
 * <p>It is apart from the provider, which is loaded wherever platforms are looked for: Azure's jars are signed, and to check
 * the first one takes longer than all else until a platform is opened.
 */
final class FixedToken implements TokenCredential {
  private final AccessToken token;
  private final String scope;
  private final boolean isEmulated;

  /**
   * Creates a credential.
   *
   * @param isEmulated whether the endpoint is on this machine, where everything takes the same token
   */
  FixedToken(String token, AzureMlCloud cloud, boolean isEmulated) {
    this.token = new AccessToken(token, OffsetDateTime.of(9999, 1, 1, 0, 0, 0, 0, ZoneOffset.UTC));
    this.scope = cloud.managementScope();
    this.isEmulated = isEmulated;
  }

  @Override
  public Mono<AccessToken> getToken(TokenRequestContext request) {
    return isEmulated || request.getScopes().equals(List.of(scope))
        ? Mono.just(token)
        : Mono.error(new ClientAuthenticationException(
            "the setting token is for Azure Resource Manager, and not sent elsewhere ("
                + String.join(", ", request.getScopes()) + "): use the default credentials instead",
            null));
  }
}
