package io.fairlead.azureml.internal;

import io.fairlead.azureml.AzureMlEndpoint;
import io.fairlead.azureml.AzureMlEndpoint.AuthMode;
import io.fairlead.azureml.internal.arm.Document;
import io.fairlead.reconcile.Desired;
import io.fairlead.reconcile.KindName;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * The endpoint that has a public name.
 *
 * @param options who may call it, and as whom it acts
 * @param scoringUri where it is invoked; empty until Azure has created it
 * @param isSettled whether its last change succeeded; otherwise nothing can be deployed to it
 * @param tags its tags except for the owner tag: those of the user, and those about its variants
 */
record EndpointSpec(
    AzureMlEndpoint options,
    Optional<String> scoringUri,
    boolean isSettled,
    SortedMap<String, String> tags) {
  static final KindName<EndpointSpec> KIND = new KindName<>("endpoint", EndpointSpec.class);

  private static final String SYSTEM = "SystemAssigned";
  private static final String USER = "UserAssigned";

  EndpointSpec {
    tags = new TreeMap<>(tags);
  }

  static EndpointSpec of(Document endpoint) {
    AzureMlEndpoint options = AzureMlEndpoint.authMode(authMode(endpoint));
    if ("Disabled"
        .equalsIgnoreCase(endpoint.text("properties", "publicNetworkAccess").orElse(""))) {
      options = options.withoutPublicNetworkAccess();
    }
    List<String> identities = endpoint
        .inside("identity", "userAssignedIdentities")
        .map(Document::names)
        .orElse(List.of());
    SortedMap<String, String> tags = endpoint.texts("tags");
    tags.remove(AzureMlTags.DEPLOYMENT);
    tags.remove(AzureMlTags.RUN);
    return new EndpointSpec(
        identities.isEmpty() ? options : options.withIdentities(identities.toArray(String[]::new)),
        endpoint.text("properties", "scoringUri"),
        !Endpoints.hasFailed(endpoint),
        tags);
  }

  static AuthMode authMode(Document endpoint) {
    return switch (endpoint.text("properties", "authMode").orElse("")) {
      case "AMLToken" -> AuthMode.AML_TOKEN;
      case "AADToken" -> AuthMode.ENTRA;
      default -> AuthMode.KEY;
    };
  }

  private String authMode() {
    return switch (options.authMode()) {
      case KEY -> "Key";
      case AML_TOKEN -> "AMLToken";
      case ENTRA -> "AADToken";
    };
  }

  /** {@return a document with these settings, in which all else stays} */
  Document writtenTo(Document document) {
    return identified(document)
        .with(authMode(), "properties", "authMode")
        .with(
            options.publicNetworkAccess() ? "Enabled" : "Disabled",
            "properties",
            "publicNetworkAccess");
  }

  private Document identified(Document document) {
    if (options.identities().isEmpty()) {
      return document
          .without("identity", "userAssignedIdentities")
          .with(SYSTEM, "identity", "type");
    }
    Document identities = Document.EMPTY;
    for (String id : options.identities()) {
      identities = identities.with(Document.EMPTY, id);
    }
    return document
        .with(USER, "identity", "type")
        .with(identities, "identity", "userAssignedIdentities");
  }

  /** {@return whether it has the options that are desired; Azure tells identities in any order and case of letters} */
  boolean hasOptionsOf(EndpointSpec desired) {
    return options.withIdentities().equals(desired.options.withIdentities())
        && hasIdentityOf(desired);
  }

  /** {@return whether containers act as the desired identities; if none are given, any are right} */
  boolean hasIdentityOf(EndpointSpec desired) {
    return desired.options.identities().isEmpty() || ids(options).equals(ids(desired.options));
  }

  private static Set<String> ids(AzureMlEndpoint options) {
    return options.identities().stream()
        .map(id -> id.toLowerCase(Locale.ROOT))
        .collect(Collectors.toSet());
  }

  /**
   * The endpoint with a variant: what is given, and else what is there.
   *
   * @param options who may call it, and as whom it acts; empty to leave that as it is
   * @param userTags the tags of the user
   * @param variant the name of the variant
   * @param uses what it uses
   */
  record WithVariant(
      Optional<AzureMlEndpoint> options,
      Map<String, String> userTags,
      String variant,
      VariantTag uses)
      implements Desired<EndpointSpec> {
    @Override
    public EndpointSpec from(Optional<EndpointSpec> actual) {
      SortedMap<String, String> tags =
          uses.addedTo(actual.map(EndpointSpec::tags).orElseGet(TreeMap::new), variant);
      tags.putAll(userTags);
      return new EndpointSpec(
          options.or(() -> actual.map(EndpointSpec::options)).orElse(AzureMlEndpoint.DEFAULT),
          actual.flatMap(EndpointSpec::scoringUri),
          true,
          tags);
    }
  }
}
