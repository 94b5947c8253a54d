package io.fairlead.azureml;

import io.fairlead.grammar.Problems;
import io.fairlead.grammar.RoutingOptions;
import io.fairlead.spi.Settings;
import java.util.List;
import java.util.regex.Pattern;

/**
 * Azure ML's options of the endpoint that has the public name, for {@link io.fairlead.grammar.Routing#with}: who may
 * call it, and as whom it acts.
 *
 * <p>They are those of all variants of the name: one that does not give them takes what is there.
 */
public final class AzureMlEndpoint extends Settings<AzureMlEndpoint.Draft>
    implements RoutingOptions {
  private static final Pattern IDENTITY = Pattern.compile(
      "/subscriptions/[^/]+/resourceGroups/[^/]+/providers/Microsoft\\.ManagedIdentity/userAssignedIdentities/[^/]+",
      Pattern.CASE_INSENSITIVE);

  /** How callers of an endpoint are authenticated. */
  public enum AuthMode {
    /** By a key, which does not expire. */
    KEY,
    /** By a token of Azure ML, which expires. */
    AML_TOKEN,
    /** By a token of Microsoft Entra, as for other services of Azure. */
    ENTRA
  }

  /** By a key, from everywhere, as an identity that Azure makes. */
  public static final AzureMlEndpoint DEFAULT = new AzureMlEndpoint(new Draft());

  static final class Draft extends Settings.Draft {
    AuthMode authMode = AuthMode.KEY;
    boolean publicNetworkAccess = true;
    List<String> identities = List.of();
  }

  private AzureMlEndpoint(Draft draft) {
    super(draft);
    Problems problems = Problems.in("AzureMlEndpoint");
    draft.identities.forEach(id -> problems.check(
        IDENTITY.matcher(id).matches(),
        "identities",
        "must be the full id of a user-assigned identity, /subscriptions/.../userAssignedIdentities/NAME",
        id));
    problems.throwIfAny();
  }

  /** {@return options of an endpoint whose callers are authenticated in a way} */
  public static AzureMlEndpoint authMode(AuthMode authMode) {
    return new AzureMlEndpoint(DEFAULT.with(draft -> draft.authMode = authMode));
  }

  /** {@return how callers are authenticated; by default by a key} */
  public AuthMode authMode() {
    return draft().authMode;
  }

  /** {@return whether it can be called from outside of the workspace's private network; by default it can} */
  public boolean publicNetworkAccess() {
    return draft().publicNetworkAccess;
  }

  /** {@return the user-assigned identities as which containers act; by default one that Azure makes for the endpoint} */
  public List<String> identities() {
    return draft().identities;
  }

  /** {@return a copy whose callers are authenticated in another way} */
  public AzureMlEndpoint withAuthMode(AuthMode authMode) {
    return new AzureMlEndpoint(with(draft -> draft.authMode = authMode));
  }

  /** {@return a copy that can be called through the workspace's private endpoint only} */
  public AzureMlEndpoint withoutPublicNetworkAccess() {
    return new AzureMlEndpoint(with(draft -> draft.publicNetworkAccess = false));
  }

  /** {@return a copy whose containers act as these identities, which need the roles for the model and the image} */
  public AzureMlEndpoint withIdentities(String... ids) {
    return new AzureMlEndpoint(with(draft -> draft.identities = List.of(ids)));
  }

  @Override
  public String platform() {
    return AzureMlProvider.ID;
  }
}
