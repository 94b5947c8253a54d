package io.fairlead.sagemaker.internal;

import io.fairlead.provider.ContentName;
import io.fairlead.provider.Pages;
import io.fairlead.reconcile.Look;
import io.fairlead.sagemaker.SageMakerProvider;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import software.amazon.awssdk.services.sagemaker.model.DescribeInferenceComponentResponse;
import software.amazon.awssdk.services.sagemaker.model.InferenceComponentSummary;
import software.amazon.awssdk.services.sagemaker.model.ListInferenceComponentsRequest;
import software.amazon.awssdk.services.sagemaker.model.ListInferenceComponentsResponse;

/** The calls on inference components. */
final class ComponentCalls {
  private static final int PAGE = 100;

  private final SageMakerClients clients;
  private final SageMakerErrors errors;
  private final SageMakerTags tags;
  private final EndpointCalls endpoints;

  /** The variants of a public name that this process has seen to be components; names without one cost no call. */
  private final Map<String, Set<String>> seen = new ConcurrentHashMap<>();

  ComponentCalls(
      SageMakerClients clients,
      SageMakerErrors errors,
      SageMakerTags tags,
      EndpointCalls endpoints) {
    this.clients = clients;
    this.errors = errors;
    this.tags = tags;
    this.endpoints = endpoints;
  }

  /** {@return AWS's name of a component, unique for each pair of names} */
  static String awsName(VariantName name) {
    return SageMakerNames.CONTENT.of(
        name.endpoint() + "-" + name.variant(), "component", name.endpoint(), name.variant());
  }

  Optional<DescribeInferenceComponentResponse> find(VariantName name) {
    String awsName = awsName(name);
    Optional<DescribeInferenceComponentResponse> found = errors.find(
        "Describe inference component " + awsName,
        () -> clients
            .controlPlane()
            .describeInferenceComponent(request -> request.inferenceComponentName(awsName)));
    if (found.isPresent()) {
      note(name);
    }
    return found;
  }

  /** {@return a component, read once in a look} */
  Optional<DescribeInferenceComponentResponse> find(VariantName name, Look look) {
    return look.once(List.of("component", name), () -> find(name));
  }

  private void note(VariantName name) {
    seen.computeIfAbsent(name.endpoint(), key -> ConcurrentHashMap.newKeySet()).add(name.variant());
  }

  /** {@return the variants of a public name that were seen to be components} */
  Set<String> seen(String name) {
    return Set.copyOf(seen.getOrDefault(name, Set.of()));
  }

  Map<String, String> resourceTags(DescribeInferenceComponentResponse component) {
    return tags.ofCreation(component.inferenceComponentArn(), component.creationTime());
  }

  // ---- listing ----

  /** Tags a component. */
  void tag(VariantName name, Map<String, String> added) {
    find(name)
        .ifPresent(found -> tags.add(
            "inference component " + found.inferenceComponentName(),
            found.inferenceComponentArn(),
            added));
  }

  /** A managed component, as listed. */
  record Managed(
      VariantName name, InferenceComponentSummary summary, Map<String, String> resourceTags) {}

  /** {@return all managed components, listed once in a look} */
  List<Managed> managed(Look look) {
    return look.once("components", () -> managed(ContentName.PREFIX));
  }

  private List<Managed> managed(String nameContains) {
    List<Managed> managed = new ArrayList<>();
    for (InferenceComponentSummary summary : list(request -> request.nameContains(nameContains))) {
      managed(summary).ifPresent(managed::add);
    }
    return managed;
  }

  private Optional<Managed> managed(InferenceComponentSummary summary) {
    if (!SageMakerNames.CONTENT.isMadeHere(summary.inferenceComponentName())) {
      return Optional.empty();
    }
    Map<String, String> read =
        tags.ofListed(summary.inferenceComponentArn(), summary.creationTime());
    String variant = read.get(SageMakerTags.VARIANT);
    String deployment = read.get(SageMakerTags.DEPLOYMENT);
    if (!SageMakerTags.areManaged(read) || variant == null || deployment == null) {
      return Optional.empty();
    }
    VariantName name = new VariantName(deployment, variant);
    note(name);
    return Optional.of(new Managed(name, summary, read));
  }

  private List<InferenceComponentSummary> list(
      Consumer<ListInferenceComponentsRequest.Builder> wanted) {
    return Pages.all(
        SageMakerProvider.ID,
        "inference components",
        token -> errors.call(
            "List inference components",
            () -> clients.controlPlane().listInferenceComponents(request -> {
              wanted.accept(request);
              request.maxResults(PAGE).nextToken(token);
            })),
        ListInferenceComponentsResponse::inferenceComponents,
        ListInferenceComponentsResponse::nextToken);
  }

  /** {@return the names of all components on a fleet, managed or not} */
  List<String> namesOn(String fleet) {
    return list(request -> request.endpointNameEquals(fleet)).stream()
        .map(InferenceComponentSummary::inferenceComponentName)
        .toList();
  }

  // ---- one component for each public name ----

  /** {@return a managed component that serves a public name and is not being deleted} */
  Optional<VariantName> of(String name, Look look) {
    return of(name, "", look);
  }

  private Optional<VariantName> of(String name, String besides, Look look) {
    String readable = SageMakerNames.CONTENT.beginning(name);
    String part = readable.substring(0, readable.length() - 1);
    return look.once(List.of("components", part), () -> managed(part)).stream()
        .filter(one -> !one.summary().inferenceComponentStatusAsString().equals("Deleting"))
        .map(Managed::name)
        .filter(one -> one.endpoint().equals(name) && !one.variant().equals(besides))
        .findFirst();
  }

  /**
   * {@return why a component would not be the only variant of its public name, for AWS has no traffic split among
   * components}
   */
  Optional<String> notAlone(VariantName name, Look look) {
    boolean variants = endpoints
        .find(name.endpoint(), look)
        .filter(endpoint -> !endpoints.isFleet(endpoint))
        .isPresent();
    if (variants) {
      return Optional.of(
          "cannot be an inference component: there is an endpoint "
              + name.endpoint()
              + " with variants of its own, and AWS has no traffic weights between the two. Deploy under another name");
    }
    return of(name.endpoint(), name.variant(), look)
        .map(other ->
            "cannot join " + other + ", which is an inference component: AWS has no traffic weights"
                + " among those. Deploy under another name, or undeploy " + other + " first");
  }
}
