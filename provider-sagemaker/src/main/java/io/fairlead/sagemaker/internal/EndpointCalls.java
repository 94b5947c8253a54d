package io.fairlead.sagemaker.internal;

import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.reconcile.Observed;
import io.fairlead.sagemaker.SageMakerProvider;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.sagemaker.model.CreateEndpointConfigRequest;
import software.amazon.awssdk.services.sagemaker.model.DescribeEndpointConfigResponse;
import software.amazon.awssdk.services.sagemaker.model.DescribeEndpointResponse;
import software.amazon.awssdk.services.sagemaker.model.EndpointConfigSummary;
import software.amazon.awssdk.services.sagemaker.model.ListEndpointConfigsRequest;
import software.amazon.awssdk.services.sagemaker.model.ListEndpointConfigsResponse;
import software.amazon.awssdk.services.sagemaker.model.ProductionVariant;
import software.amazon.awssdk.services.sagemaker.model.ProductionVariantSummary;

/**
 * Endpoints and their configurations.
 *
 * <p>A configuration cannot be changed, so each change of one is another configuration, named by what it says, and a new
 * deployment of it. The ones that were replaced are removed when the change has ended, and never earlier: an endpoint whose
 * configuration is gone while it changes hangs for an hour.
 */
final class EndpointCalls {
  private static final int PAGE = 100;
  /** What AWS's own tags begin with, which nobody else may write. */
  private static final String RESERVED = "aws:";

  private final SageMakerClients clients;
  private final SageMakerErrors errors;
  private final SageMakerTags tags;

  /** The configurations that this process made, by name, with their endpoints: no other process can be about to use them. */
  private final Map<String, String> made = new ConcurrentHashMap<>();

  EndpointCalls(SageMakerClients clients, SageMakerErrors errors, SageMakerTags tags) {
    this.clients = clients;
    this.errors = errors;
    this.tags = tags;
  }

  // ---- looking ----

  Optional<DescribeEndpointResponse> find(String endpoint) {
    return errors.find(
        "Describe endpoint " + endpoint,
        () -> clients.controlPlane().describeEndpoint(request -> request.endpointName(endpoint)));
  }

  boolean isOurs(DescribeEndpointResponse endpoint) {
    return SageMakerTags.areOurs(marks(endpoint));
  }

  /** {@return whether it is one of ours whose instances inference components share} */
  boolean isFleet(DescribeEndpointResponse endpoint) {
    Map<String, String> marks = marks(endpoint);
    return SageMakerTags.areOurs(marks) && marks.containsKey(SageMakerTags.FLEET);
  }

  Map<String, String> marks(DescribeEndpointResponse endpoint) {
    return tags.ofCreation(endpoint.endpointArn(), endpoint.creationTime());
  }

  /** {@return an endpoint's configuration, without which it can only go as a whole} */
  DescribeEndpointConfigResponse configuration(DescribeEndpointResponse endpoint) {
    return findConfiguration(endpoint.endpointConfigName())
        .orElseThrow(() -> configurationGone(endpoint, ErrorKind.NOT_FOUND));
  }

  Optional<DescribeEndpointConfigResponse> findConfiguration(String name) {
    return errors.find(
        "Describe endpoint configuration " + name,
        () -> clients
            .controlPlane()
            .describeEndpointConfig(request -> request.endpointConfigName(name)));
  }

  static ServingException configurationGone(DescribeEndpointResponse endpoint, ErrorKind kind) {
    return ServingException.builder(
            SageMakerProvider.ID,
            kind,
            "The configuration " + endpoint.endpointConfigName() + " of endpoint "
                + endpoint.endpointName()
                + " was deleted by somebody else, so its variants cannot be changed: undeploy its only "
                + "variant, or delete the endpoint in the console if it has several, and deploy anew")
        .retryable(false)
        .build();
  }

  /** Another process may have changed an endpoint since it was read, and AWS would let its change be overwritten. */
  void checkUnchanged(DescribeEndpointResponse read) {
    boolean unchanged = find(read.endpointName())
        .filter(now -> now.endpointStatusAsString().equals(read.endpointStatusAsString())
            && now.endpointConfigName().equals(read.endpointConfigName())
            && now.lastModifiedTime().equals(read.lastModifiedTime()))
        .isPresent();
    if (!unchanged) {
      throw new ServingException(
          SageMakerProvider.ID,
          ErrorKind.CONFLICT,
          "Endpoint " + read.endpointName() + " was changed by somebody else meanwhile");
    }
  }

  /** {@return why an endpoint failed and where that can be looked up; empty if it did not, or AWS does not say} */
  static String reason(DescribeEndpointResponse endpoint) {
    String reason = endpoint.failureReason();
    if (reason == null || reason.isEmpty()) {
      return "";
    }
    String sentence = reason.endsWith(".") ? reason : reason + ".";
    boolean noCapacity =
        reason.contains("InsufficientInstanceCapacity") || reason.contains("compute capacity");
    return sentence
        + (noCapacity
            ? " AWS has too few such instances at the moment: try later, or take another type or region"
            : " Its log is the CloudWatch log group /aws/sagemaker/Endpoints/"
                + endpoint.endpointName());
  }

  static boolean isOutOfService(DescribeEndpointResponse endpoint) {
    return endpoint.endpointStatusAsString().equals("OutOfService");
  }

  /** {@return why an endpoint answers nobody any longer, and the way out} */
  static String outOfService(DescribeEndpointResponse endpoint) {
    String reason = reason(endpoint);
    return "AWS has taken the endpoint out of service"
        + (reason.isEmpty() ? " without a reason" : " (" + reason + ")")
        + ". It serves nobody and can only go as a whole: deploy its variant again, or undeploy it";
  }

  /** {@return what there is to say of an endpoint that does not serve as it should; empty if there is nothing} */
  static String detail(DescribeEndpointResponse endpoint) {
    return isOutOfService(endpoint) ? outOfService(endpoint) : reason(endpoint);
  }

  static Observed.Status status(DescribeEndpointResponse endpoint) {
    return switch (endpoint.endpointStatusAsString()) {
      case "InService", "UpdateRollbackFailed" -> Observed.Status.READY;
      case "Failed", "OutOfService" -> Observed.Status.FAILED;
      case "Deleting" -> Observed.Status.DELETING;
      default -> Observed.Status.CHANGING;
    };
  }

  Map<String, String> tagsOf(DescribeEndpointConfigResponse configuration) {
    return tags.read(configuration.endpointConfigArn());
  }

  static Optional<ProductionVariantSummary> summary(
      DescribeEndpointResponse endpoint, String variant) {
    return Stream.concat(
            endpoint.productionVariants().stream(), endpoint.shadowProductionVariants().stream())
        .filter(summary -> summary.variantName().equals(variant))
        .findFirst();
  }

  static boolean isShadow(DescribeEndpointConfigResponse configuration, String variant) {
    return configuration.shadowProductionVariants().stream()
        .anyMatch(shadow -> shadow.variantName().equals(variant));
  }

  // ---- configurations ----

  /** {@return a request for a configuration that says what an endpoint is now, its weights and counts included} */
  static CreateEndpointConfigRequest.Builder like(
      DescribeEndpointConfigResponse configuration, DescribeEndpointResponse endpoint) {
    return CreateEndpointConfigRequest.builder()
        .productionVariants(asTheyAre(configuration.productionVariants(), endpoint))
        .shadowProductionVariants(
            orNone(asTheyAre(configuration.shadowProductionVariants(), endpoint)))
        .dataCaptureConfig(configuration.dataCaptureConfig())
        .kmsKeyId(configuration.kmsKeyId())
        .asyncInferenceConfig(configuration.asyncInferenceConfig())
        .explainerConfig(configuration.explainerConfig())
        .executionRoleArn(configuration.executionRoleArn())
        .vpcConfig(configuration.vpcConfig())
        .enableNetworkIsolation(configuration.enableNetworkIsolation())
        .metricsConfig(configuration.metricsConfig());
  }

  /** AWS refuses a list of shadows that is empty. */
  static @Nullable List<ProductionVariant> orNone(List<ProductionVariant> shadows) {
    return shadows.isEmpty() ? null : shadows;
  }

  private static List<ProductionVariant> asTheyAre(
      List<ProductionVariant> variants, DescribeEndpointResponse endpoint) {
    List<ProductionVariant> copies = new ArrayList<>();
    for (ProductionVariant variant : variants) {
      ProductionVariant.Builder copy = variant.toBuilder();
      summary(endpoint, variant.variantName()).ifPresent(now -> {
        if (now.desiredWeight() != null) {
          copy.initialVariantWeight(now.desiredWeight());
        }
        boolean counted = now.desiredInstanceCount() != null && now.desiredInstanceCount() > 0;
        if (variant.serverlessConfig() == null && counted) {
          copy.initialInstanceCount(now.desiredInstanceCount());
        }
        if (variant.serverlessConfig() != null && now.desiredServerlessConfig() != null) {
          copy.serverlessConfig(now.desiredServerlessConfig());
        }
      });
      copies.add(copy.build());
    }
    return copies;
  }

  /**
   * Makes a configuration; that it is there already is as good, for its name is its content.
   *
   * @return its name
   */
  String make(
      String endpoint, CreateEndpointConfigRequest.Builder wanted, Map<String, String> marks) {
    String name = SageMakerNames.of(endpoint, endpoint, wanted.build().toString());
    CreateEndpointConfigRequest request =
        wanted.endpointConfigName(name).tags(SageMakerTags.list(marks)).build();
    boolean own = made.put(name, endpoint) != null;
    try {
      errors.call(
          "Create endpoint configuration " + name,
          () -> clients.controlPlane().createEndpointConfig(request));
    } catch (ServingException e) {
      if (e.kind() != ErrorKind.ALREADY_EXISTS) {
        throw e;
      }
      Map<String, String> claimed = new HashMap<>(marks);
      if (!own) {
        claimed.put(SageMakerTags.CLAIMED, tags.now());
      }
      // What a run prepared that ended becomes the next one's.
      findConfiguration(name).ifPresent(found -> mark(found, claimed));
    }
    return name;
  }

  private void mark(DescribeEndpointConfigResponse configuration, Map<String, String> marks) {
    errors.find(
        "Tag endpoint configuration " + configuration.endpointConfigName(),
        () -> clients
            .controlPlane()
            .addTags(request -> request
                .resourceArn(configuration.endpointConfigArn())
                .tags(SageMakerTags.list(marks))));
  }

  void deleteSuperseded(String endpoint) {
    deleteSuperseded(endpoint, endpoint);
  }

  /**
   * Removes the configurations of an endpoint that it does not have, unless another process may be about to use them.
   *
   * <p>While there is an endpoint, those that are newer than its own may be. When there is none, another process may have
   * made one, or claimed one that was left, to begin it anew: only this process's own go, those that an endpoint had, and
   * those that have not been used for so long that nobody is about to.
   *
   * @param madeFor what {@link #make} was told that they are for
   */
  void deleteSuperseded(String endpoint, String madeFor) {
    Optional<DescribeEndpointResponse> found = find(endpoint);
    if (found.isPresent() && !isAtRest(found.get())) {
      return;
    }
    String current = found.map(DescribeEndpointResponse::endpointConfigName).orElse("");
    List<EndpointConfigSummary> all = summaries(SageMakerNames.readablePart(madeFor));
    Instant since = all.stream()
        .filter(summary -> summary.endpointConfigName().equals(current))
        .map(EndpointConfigSummary::creationTime)
        .findFirst()
        .orElse(Instant.MIN);
    Set<String> superseded = new HashSet<>();
    // What was just made may not be listed yet.
    made.forEach((name, owner) -> {
      if (owner.equals(madeFor)) {
        superseded.add(name);
      }
    });
    for (EndpointConfigSummary summary : all) {
      boolean replaced = found.isEmpty() || summary.creationTime().isBefore(since);
      if (replaced && isFor(endpoint, summary, found.isEmpty())) {
        superseded.add(summary.endpointConfigName());
      }
    }
    superseded.remove(current);
    superseded.forEach(this::deleteConfiguration);
    made.remove(current);
  }

  static boolean isAtRest(DescribeEndpointResponse endpoint) {
    return switch (endpoint.endpointStatusAsString()) {
      case "InService", "Failed", "OutOfService", "UpdateRollbackFailed" -> true;
      default -> false;
    };
  }

  private boolean isFor(String endpoint, EndpointConfigSummary summary, boolean gone) {
    Map<String, String> marks = tags.read(summary.endpointConfigArn());
    return SageMakerTags.areOurs(marks)
        && endpoint.equals(marks.get(SageMakerTags.DEPLOYMENT))
        && !(gone && isAboutToBeUsed(summary.creationTime(), marks));
  }

  private boolean isAboutToBeUsed(Instant createdAt, Map<String, String> marks) {
    Instant claimedAt = createdAt;
    try {
      claimedAt = Instant.parse(marks.getOrDefault(SageMakerTags.CLAIMED, ""));
    } catch (DateTimeParseException e) {
      // Nobody has claimed it since.
    }
    return !tags.isSettled(claimedAt);
  }

  /** Says of an endpoint's configuration that is to go that nobody is about to use it, if its age does not. */
  void release(DescribeEndpointResponse endpoint) {
    findConfiguration(endpoint.endpointConfigName())
        .filter(found -> !tags.isSettled(found.creationTime()))
        .filter(found -> SageMakerTags.areOurs(tagsOf(found)))
        .ifPresent(found -> mark(found, Map.of(SageMakerTags.CLAIMED, Instant.EPOCH.toString())));
  }

  void deleteConfiguration(String name) {
    errors.find(
        "Delete endpoint configuration " + name,
        () -> clients
            .controlPlane()
            .deleteEndpointConfig(request -> request.endpointConfigName(name)));
    made.remove(name);
  }

  /** {@return our configurations whose name contains a text} */
  List<EndpointConfigSummary> summaries(String text) {
    List<EndpointConfigSummary> found = new ArrayList<>();
    String token = null;
    do {
      ListEndpointConfigsRequest request = ListEndpointConfigsRequest.builder()
          .nameContains(text)
          .maxResults(PAGE)
          .nextToken(token)
          .build();
      ListEndpointConfigsResponse page = errors.call(
          "List endpoint configurations",
          () -> clients.controlPlane().listEndpointConfigs(request));
      page.endpointConfigs().stream()
          .filter(summary -> SageMakerNames.isMadeHere(summary.endpointConfigName()))
          .forEach(found::add);
      token = page.nextToken();
    } while (token != null);
    return found;
  }

  // ---- marks ----

  /**
   * {@return the tags of a configuration that replaces another: whose it is, what brought each of its variants, and what
   * people have added}
   */
  Map<String, String> carriedTags(
      DescribeEndpointResponse endpoint,
      DescribeEndpointConfigResponse replaced,
      Collection<String> variants) {
    Map<String, String> carried = new HashMap<>(tagsOf(replaced));
    if (!SageMakerTags.areOurs(carried)) {
      Map<String, String> marks = tags.read(endpoint.endpointArn());
      carried.put(SageMakerTags.DEPLOYMENT, endpoint.endpointName());
      carried.put(SageMakerTags.RUN, marks.getOrDefault(SageMakerTags.RUN, ""));
    }
    carried
        .keySet()
        .removeIf(key -> key.startsWith(RESERVED)
            || key.equals(SageMakerTags.CLAIMED)
            || (key.startsWith(SageMakerTags.RUN_OF_VARIANT)
                && !variants.contains(key.substring(SageMakerTags.RUN_OF_VARIANT.length()))));
    return carried;
  }
}
