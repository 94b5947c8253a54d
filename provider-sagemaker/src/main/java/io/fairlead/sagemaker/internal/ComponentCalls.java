package io.fairlead.sagemaker.internal;

import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.sagemaker.SageMakerProvider;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.UnaryOperator;
import software.amazon.awssdk.services.sagemaker.model.DescribeInferenceComponentResponse;
import software.amazon.awssdk.services.sagemaker.model.InferenceComponentSummary;
import software.amazon.awssdk.services.sagemaker.model.ListInferenceComponentsRequest;
import software.amazon.awssdk.services.sagemaker.model.ListInferenceComponentsResponse;

/** Inference components as AWS has them, and whose they are. */
final class ComponentCalls {
  private static final int PAGE = 100;

  private final SageMakerClients clients;
  private final SageMakerErrors errors;
  private final SageMakerTags tags;
  private final EndpointCalls endpoints;

  /** Which variants of a public name this process has seen to be components, so that names without any cost no call. */
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

  /** {@return AWS's name of a component, in which no two pairs of names come to the same} */
  static String awsName(VariantName name) {
    return SageMakerNames.of(
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

  private void note(VariantName name) {
    seen.computeIfAbsent(name.endpoint(), key -> ConcurrentHashMap.newKeySet()).add(name.variant());
  }

  /** {@return the variants of a public name that were seen to be components} */
  Set<String> seen(String name) {
    return Set.copyOf(seen.getOrDefault(name, Set.of()));
  }

  Map<String, String> marks(DescribeInferenceComponentResponse component) {
    return tags.ofCreation(component.inferenceComponentArn(), component.creationTime());
  }

  // ---- listing ----

  /** A component of ours as a list has it. */
  record Ours(VariantName name, InferenceComponentSummary summary, Map<String, String> marks) {}

  List<Ours> ours() {
    return ours(SageMakerNames.PREFIX);
  }

  private List<Ours> ours(String nameContains) {
    List<Ours> ours = new ArrayList<>();
    for (InferenceComponentSummary summary : list(request -> request.nameContains(nameContains))) {
      ours(summary).ifPresent(ours::add);
    }
    return ours;
  }

  private Optional<Ours> ours(InferenceComponentSummary summary) {
    if (!SageMakerNames.isMadeHere(summary.inferenceComponentName())) {
      return Optional.empty();
    }
    Map<String, String> read =
        tags.ofCreation(summary.inferenceComponentArn(), summary.creationTime());
    String variant = read.get(SageMakerTags.VARIANT);
    String deployment = read.get(SageMakerTags.DEPLOYMENT);
    if (!SageMakerTags.areOurs(read) || variant == null || deployment == null) {
      return Optional.empty();
    }
    VariantName name = new VariantName(deployment, variant);
    note(name);
    return Optional.of(new Ours(name, summary, read));
  }

  private List<InferenceComponentSummary> list(
      UnaryOperator<ListInferenceComponentsRequest.Builder> wanted) {
    List<InferenceComponentSummary> all = new ArrayList<>();
    String token = null;
    do {
      ListInferenceComponentsRequest request = wanted
          .apply(ListInferenceComponentsRequest.builder())
          .maxResults(PAGE)
          .nextToken(token)
          .build();
      ListInferenceComponentsResponse page = errors.call(
          "List inference components",
          () -> clients.controlPlane().listInferenceComponents(request));
      all.addAll(page.inferenceComponents());
      token = page.nextToken();
    } while (token != null);
    return all;
  }

  /** {@return the names of all components on a fleet, whose ever} */
  List<String> namesOn(String fleet) {
    return list(request -> request.endpointNameEquals(fleet)).stream()
        .map(InferenceComponentSummary::inferenceComponentName)
        .toList();
  }

  // ---- one to a name ----

  /** {@return a component of ours that serves a public name and is not about to go} */
  Optional<VariantName> of(String name) {
    return of(name, "");
  }

  private Optional<VariantName> of(String name, String besides) {
    String readable = SageMakerNames.readablePart(name);
    return ours(readable.substring(0, readable.length() - 1)).stream()
        .filter(one -> !one.summary().inferenceComponentStatusAsString().equals("Deleting"))
        .map(Ours::name)
        .filter(one -> one.endpoint().equals(name) && !one.variant().equals(besides))
        .findFirst();
  }

  /** Refuses a component that would not be alone under its public name, where AWS could not divide requests. */
  void checkAlone(VariantName name) {
    boolean variants = endpoints
        .find(name.endpoint())
        .filter(endpoint -> !endpoints.isFleet(endpoint))
        .isPresent();
    if (variants) {
      throw refusal(
          name,
          "cannot be an inference component: there is an endpoint " + name.endpoint()
              + " with variants of its own, and AWS has no weights between the two. Deploy under another name");
    }
    Optional<VariantName> other = of(name.endpoint(), name.variant());
    if (other.isPresent()) {
      throw refusal(
          name,
          "cannot join " + other.get() + ", which is an inference component: AWS has no weights"
              + " among those. Deploy under another name, or undeploy " + other.get() + " first");
    }
  }

  private static ServingException refusal(VariantName name, String why) {
    return ServingException.builder(
            SageMakerProvider.ID, ErrorKind.CONFLICT, "Variant " + name + " " + why)
        .retryable(false)
        .build();
  }
}
