package io.fairlead.sagemaker.internal;

import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.reconcile.Accepted;
import io.fairlead.reconcile.Look;
import io.fairlead.reconcile.Observed;
import io.fairlead.reconcile.Traffic;
import io.fairlead.reconcile.TrafficSetting;
import io.fairlead.sagemaker.SageMakerProvider;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import software.amazon.awssdk.services.sagemaker.model.DescribeEndpointResponse;
import software.amazon.awssdk.services.sagemaker.model.DesiredWeightAndCapacity;
import software.amazon.awssdk.services.sagemaker.model.ProductionVariantSummary;

/**
 * The traffic weights of an endpoint's variants.
 *
 * <p>AWS's weights are relative: whole percents are written, and shares of the sum are read.
 */
final class SageMakerTraffic implements TrafficSetting {
  private static final int ALL = 100;

  private final SageMakerClients clients;
  private final SageMakerErrors errors;
  private final EndpointCalls endpoints;
  private final ComponentCalls components;
  private final ComponentKind component;

  SageMakerTraffic(
      SageMakerClients clients,
      SageMakerErrors errors,
      EndpointCalls endpoints,
      ComponentCalls components,
      ComponentKind component) {
    this.clients = clients;
    this.errors = errors;
    this.endpoints = endpoints;
    this.components = components;
    this.component = component;
  }

  @Override
  public Observed<Traffic> read(String name, Look look) {
    Optional<DescribeEndpointResponse> found =
        endpoints.find(name, look).filter(endpoint -> !endpoints.isFleet(endpoint));
    if (found.isEmpty()) {
      return ofComponent(name, look);
    }
    DescribeEndpointResponse endpoint = found.get();
    Observed<Traffic> seen = switch (endpoint.endpointStatusAsString()) {
      case "InService", "UpdateRollbackFailed" ->
        Observed.ready(percents(endpoint.productionVariants()))
            .withDetail(EndpointCalls.reason(endpoint));
      case "Failed", "OutOfService" -> Observed.absent();
      case "Deleting" -> Observed.deleting();
      default -> Observed.changing("endpoint is " + endpoint.endpointStatusAsString());
    };
    return endpoints.isManaged(endpoint) ? seen : seen.asForeign();
  }

  /** An inference component is the only variant of its public name, so it has all requests. */
  private Observed<Traffic> ofComponent(String name, Look look) {
    for (String variant : components.seen(name)) {
      Observed<Component> seen = component.read(name + "/" + variant, look);
      boolean there =
          seen.status() != Observed.Status.ABSENT && seen.status() != Observed.Status.FAILED;
      if (there && !seen.foreign()) {
        return seen.status() == Observed.Status.READY
            ? Observed.ready(Traffic.allTo(variant))
            : Observed.of(seen.status(), null, seen.detail());
      }
    }
    return Observed.absent();
  }

  /** {@return shares in whole percents, rounded by the largest remainder method} */
  static Traffic percents(List<ProductionVariantSummary> variants) {
    Map<String, Double> shares = new TreeMap<>();
    double sum = 0;
    for (ProductionVariantSummary variant : variants) {
      double weight = variant.currentWeight() == null ? 0 : variant.currentWeight();
      shares.put(variant.variantName(), weight);
      sum += weight;
    }
    if (sum == 0) {
      return Traffic.NONE;
    }
    double whole = sum;
    shares.replaceAll((name, weight) -> weight * ALL / whole);
    Map<String, Integer> percents = new TreeMap<>();
    shares.forEach((name, share) -> percents.put(name, (int) Math.floor(share)));
    int missing = ALL - percents.values().stream().mapToInt(Integer::intValue).sum();
    shares.entrySet().stream()
        .sorted(
            Comparator.comparingDouble(share -> Math.floor(share.getValue()) - share.getValue()))
        .limit(missing)
        .forEach(share -> percents.merge(share.getKey(), 1, Integer::sum));
    return new Traffic(percents);
  }

  @Override
  public Accepted write(String name, Observed<Traffic> current, Traffic desired) {
    DescribeEndpointResponse endpoint = endpoints
        .find(name)
        .filter(found -> !endpoints.isFleet(found))
        .orElseThrow(() -> new ServingException(
            SageMakerProvider.ID, ErrorKind.NOT_FOUND, "Endpoint " + name + " no longer exists"));
    checkAnswering(name, endpoint, desired);
    List<DesiredWeightAndCapacity> weights = new ArrayList<>();
    for (ProductionVariantSummary variant : endpoint.productionVariants()) {
      weights.add(DesiredWeightAndCapacity.builder()
          .variantName(variant.variantName())
          .desiredWeight((float) desired.of(variant.variantName()))
          .build());
    }
    errors.call(
        "Set the weights of endpoint " + name,
        () -> clients
            .controlPlane()
            .updateEndpointWeightsAndCapacities(
                request -> request.endpointName(name).desiredWeightsAndCapacities(weights)));
    return Accepted.VISIBLE;
  }

  /** Checks that all variants answer requests; those that are routed to any other would be lost. */
  private static void checkAnswering(
      String name, DescribeEndpointResponse endpoint, Traffic desired) {
    Set<String> missing = new TreeSet<>(desired.weights().keySet());
    endpoint.productionVariants().forEach(variant -> missing.remove(variant.variantName()));
    if (missing.isEmpty()) {
      return;
    }
    boolean shadow = endpoint.shadowProductionVariants().stream()
        .anyMatch(variant -> missing.contains(variant.variantName()));
    throw shadow
        ? ServingException.builder(
                SageMakerProvider.ID,
                ErrorKind.CONFLICT,
                "Endpoint " + name + " cannot route requests to " + missing
                    + ", a shadow, whose answers are discarded: undeploy it and deploy it without SageMakerShadow")
            .retryable(false)
            .build()
        : new ServingException(
            SageMakerProvider.ID,
            ErrorKind.NOT_FOUND,
            "Endpoint " + name + " no longer has " + missing);
  }

  /** No weights are desired before a name is deleted; AWS has no such state, so they match any. */
  @Override
  public boolean matches(Traffic desired, Traffic actual) {
    return desired.equals(actual) || desired.equals(Traffic.NONE);
  }
}
