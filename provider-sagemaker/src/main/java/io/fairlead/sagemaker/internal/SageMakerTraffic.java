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
 * The weights of an endpoint's variants.
 *
 * <p>AWS's weights are relative, so whole percents are written as they are and read as shares of the sum.
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
    return endpoints.isOurs(endpoint) ? seen : seen.asForeign();
  }

  /** An inference component is alone under its public name, so it has all requests. */
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

  /** {@return shares in whole percents, by the largest remainder where they are none} */
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
            SageMakerProvider.ID,
            ErrorKind.NOT_FOUND,
            "Endpoint " + name + " is not there any longer"));
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

  /** What is taken from a variant for one that does not answer would be lost. */
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
                    + ", a shadow, whose answers are dropped: undeploy it and deploy it without SageMakerShadow")
            .retryable(false)
            .build()
        : new ServingException(
            SageMakerProvider.ID,
            ErrorKind.NOT_FOUND,
            "Endpoint " + name + " has " + missing + " no longer");
  }

  /** That nothing gets any request is said before a name goes altogether; AWS has no such state. */
  @Override
  public boolean matches(Traffic desired, Traffic actual) {
    return desired.equals(actual) || desired.equals(Traffic.NONE);
  }
}
