package io.fairlead.sagemaker.internal;

import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.provider.ContentName;
import io.fairlead.provider.Pages;
import io.fairlead.reconcile.Look;
import io.fairlead.reconcile.Observed;
import io.fairlead.reconcile.ResourceRef;
import io.fairlead.sagemaker.SageMakerProvider;
import io.fairlead.sagemaker.internal.rules.TagRules;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.sagemaker.model.CreateEndpointConfigRequest;
import software.amazon.awssdk.services.sagemaker.model.CreateEndpointConfigResponse;
import software.amazon.awssdk.services.sagemaker.model.DescribeEndpointConfigResponse;
import software.amazon.awssdk.services.sagemaker.model.DescribeEndpointResponse;
import software.amazon.awssdk.services.sagemaker.model.EndpointConfigSummary;
import software.amazon.awssdk.services.sagemaker.model.EndpointSummary;
import software.amazon.awssdk.services.sagemaker.model.ListEndpointConfigsResponse;
import software.amazon.awssdk.services.sagemaker.model.ListEndpointsResponse;
import software.amazon.awssdk.services.sagemaker.model.PendingDeploymentSummary;
import software.amazon.awssdk.services.sagemaker.model.ProductionVariant;
import software.amazon.awssdk.services.sagemaker.model.ProductionVariantSummary;

/**
 * The calls on endpoints and their configurations.
 *
 * <p>A configuration is immutable, so a change of an endpoint is another configuration, named by its content, and an
 * update of the endpoint to it. The replaced configuration is deleted when the change has ended, and never earlier:
 * an endpoint whose configuration is deleted during an update hangs for an hour.
 */
final class EndpointCalls {
  private static final int PAGE = 100;
  private static final String NO_CAPACITY =
      " AWS has too few such instances at the moment: retry later, or choose another instance type or region";

  private final SageMakerClients clients;
  private final SageMakerErrors errors;
  private final SageMakerTags tags;
  private final ContainerLogs logs;

  /**
   * The configurations that this process created, by name, with their endpoints: no other process is about to use
   * them.
   */
  private final Map<String, String> created = new ConcurrentHashMap<>();

  /**
   * The configurations that were read last, by name; an empty value is one that this process has deleted since it was
   * seen last.
   */
  private final RecentlyUsed<Optional<DescribeEndpointConfigResponse>> known = new RecentlyUsed<>();

  /** The keys of the models' uploads, by the names of the models. */
  private final Map<String, String> artifacts = new ConcurrentHashMap<>();

  /**
   * The configurations of deleted endpoints that have deletion steps of their own, after the models that their tags
   * name.
   */
  private final Map<String, Set<String>> deferredDeletions = new ConcurrentHashMap<>();

  EndpointCalls(
      SageMakerClients clients, SageMakerErrors errors, SageMakerTags tags, ContainerLogs logs) {
    this.clients = clients;
    this.errors = errors;
    this.tags = tags;
    this.logs = logs;
  }

  // ---- reading ----

  Optional<DescribeEndpointResponse> find(String endpoint) {
    return errors.find(
        "Describe endpoint " + endpoint,
        () -> clients.controlPlane().describeEndpoint(request -> request.endpointName(endpoint)));
  }

  /** {@return an endpoint, read once in a look} */
  Optional<DescribeEndpointResponse> find(String endpoint, Look look) {
    return look.once(List.of("endpoint", endpoint), () -> find(endpoint));
  }

  /** Creates an endpoint. */
  void create(String endpoint, String configuration, Map<String, String> resourceTags) {
    try {
      errors.call(
          "Create endpoint " + endpoint,
          () -> clients
              .controlPlane()
              .createEndpoint(request -> request
                  .endpointName(endpoint)
                  .endpointConfigName(configuration)
                  .tags(SageMakerTags.list(resourceTags))));
    } catch (ServingException e) {
      if (e.kind() == ErrorKind.ALREADY_EXISTS && find(endpoint).isEmpty()) {
        checkCase(endpoint);
      }
      throw e;
    }
  }

  /** AWS's names are unique in a region regardless of case, but are found only in their exact case. */
  private void checkCase(String endpoint) {
    Optional<String> other = summaries().stream()
        .map(EndpointSummary::endpointName)
        .filter(name -> name.equalsIgnoreCase(endpoint) && !name.equals(endpoint))
        .findFirst();
    if (other.isPresent()) {
      throw ServingException.builder(
              SageMakerProvider.ID,
              ErrorKind.CONFLICT,
              "Endpoint " + endpoint + " cannot be created beside endpoint " + other.get()
                  + ": AWS's names differ by more than case. Deploy under another name, or as "
                  + other.get())
          .retryable(false)
          .build();
    }
  }

  /** {@return all endpoints of the region, whoever owns them} */
  List<EndpointSummary> summaries() {
    return Pages.all(
        SageMakerProvider.ID,
        "endpoints",
        token -> errors.call(
            "List endpoints",
            () -> clients
                .controlPlane()
                .listEndpoints(request -> request.maxResults(PAGE).nextToken(token))),
        ListEndpointsResponse::endpoints,
        ListEndpointsResponse::nextToken);
  }

  boolean isManaged(DescribeEndpointResponse endpoint) {
    return SageMakerTags.areManaged(resourceTags(endpoint));
  }

  /** {@return whether it is a managed fleet, whose instances inference components share} */
  boolean isFleet(DescribeEndpointResponse endpoint) {
    Map<String, String> resourceTags = resourceTags(endpoint);
    return SageMakerTags.areManaged(resourceTags) && resourceTags.containsKey(SageMakerTags.FLEET);
  }

  Map<String, String> resourceTags(DescribeEndpointResponse endpoint) {
    return tags.ofCreation(endpoint.endpointArn(), endpoint.creationTime());
  }

  /** Tags an endpoint. */
  void tag(DescribeEndpointResponse endpoint, Map<String, String> added) {
    tags.add("endpoint " + endpoint.endpointName(), endpoint.endpointArn(), added);
  }

  /** {@return an endpoint's configuration, without which it can only be deleted as a whole} */
  DescribeEndpointConfigResponse configuration(DescribeEndpointResponse endpoint) {
    return findConfiguration(endpoint)
        .orElseThrow(() -> configurationGone(endpoint, ErrorKind.NOT_FOUND));
  }

  /**
   * {@return the configuration of an endpoint that serves, as the look before a change has read it}
   *
   * <p>Its name is derived from its content, so it need not be read again. A configuration that others have named is.
   */
  Optional<DescribeEndpointConfigResponse> findConfiguration(DescribeEndpointResponse endpoint) {
    String name = endpoint.endpointConfigName();
    return known
        .get(name)
        .filter(last -> SageMakerNames.CONTENT.isMadeHere(name))
        .filter(Optional::isPresent)
        .orElseGet(() -> findConfiguration(name));
  }

  private Optional<DescribeEndpointConfigResponse> findConfiguration(String name) {
    Optional<DescribeEndpointConfigResponse> found = errors.find(
        "Describe endpoint configuration " + name,
        () -> clients
            .controlPlane()
            .describeEndpointConfig(request -> request.endpointConfigName(name)));
    if (found.isPresent()) {
      known.put(name, found);
    } else {
      known.remove(name);
    }
    return found;
  }

  /** {@return whether this process has deleted a configuration, which was neither read nor listed since} */
  boolean isDeleted(String name) {
    return known.get(name).filter(Optional::isEmpty).isPresent();
  }

  /** {@return a configuration, read once in a look} */
  Optional<DescribeEndpointConfigResponse> findConfiguration(String name, Look look) {
    return look.once(List.of("configuration", name), () -> findConfiguration(name));
  }

  static ServingException configurationGone(DescribeEndpointResponse endpoint, ErrorKind kind) {
    return ServingException.builder(
            SageMakerProvider.ID,
            kind,
            "The configuration " + endpoint.endpointConfigName() + " of endpoint "
                + endpoint.endpointName()
                + " was deleted by another process or by hand, so its variants cannot be changed: undeploy its only "
                + "variant, or delete the endpoint in the console if it has several, and deploy again")
        .retryable(false)
        .build();
  }

  /** Checks that an endpoint has not changed since it was read, because AWS has no conditional update. */
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
          "Endpoint " + read.endpointName() + " was changed by another process meanwhile");
    }
  }

  /** {@return why an endpoint failed, and its log group; empty if it did not, or AWS does not say} */
  static String reason(DescribeEndpointResponse endpoint) {
    String reason = endpoint.failureReason();
    if (reason == null || reason.isEmpty()) {
      return "";
    }
    return sentence(reason)
        + (isCapacity(reason)
            ? NO_CAPACITY
            : " Its log is the CloudWatch log group "
                + ContainerLogs.ofEndpoint(endpoint.endpointName()));
  }

  private static String sentence(String reason) {
    return reason.endsWith(".") ? reason : reason + ".";
  }

  private static boolean isCapacity(String reason) {
    return reason.contains("InsufficientInstanceCapacity") || reason.contains("compute capacity");
  }

  /**
   * {@return why a change of an endpoint failed, with the last log lines of the containers that it started}
   *
   * @param variant the variant to create or change
   * @param since the time at which the change started
   */
  String reason(DescribeEndpointResponse endpoint, String variant, Instant since) {
    String reason = endpoint.failureReason() == null ? "" : endpoint.failureReason();
    if (isCapacity(reason)) {
      return reason(endpoint);
    }
    String group = ContainerLogs.ofEndpoint(endpoint.endpointName());
    return sentence(reason.isEmpty() ? "it gives no reason" : reason)
        + logs.describe(new ContainerLogs.Failed(group, variant, since));
  }

  static boolean isOutOfService(DescribeEndpointResponse endpoint) {
    return endpoint.endpointStatusAsString().equals("OutOfService");
  }

  /** {@return why an endpoint does not serve requests any more, and the way out} */
  static String outOfService(DescribeEndpointResponse endpoint) {
    String reason = reason(endpoint);
    return "AWS has taken the endpoint out of service"
        + (reason.isEmpty() ? " without a reason" : " (" + reason + ")")
        + ". It serves no requests and can only be deleted as a whole: deploy its variant again, or undeploy it";
  }

  /** {@return why an endpoint does not serve as desired; empty if it does} */
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

  /** {@return a configuration's tags, read once in a look} */
  Map<String, String> tagsOf(DescribeEndpointConfigResponse configuration, Look look) {
    return tagsOf(configuration.endpointConfigArn(), look);
  }

  Map<String, String> tagsOf(String configurationArn, Look look) {
    return look.once(List.of("tags", configurationArn), () -> tags.read(configurationArn));
  }

  /** {@return the endpoint's current configuration, and its pending one} */
  static Set<String> configurationNames(DescribeEndpointResponse endpoint) {
    Set<String> names = new LinkedHashSet<>();
    names.add(endpoint.endpointConfigName());
    PendingDeploymentSummary pending = endpoint.pendingDeploymentSummary();
    if (pending != null && pending.endpointConfigName() != null) {
      names.add(pending.endpointConfigName());
    }
    return names;
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

  /**
   * {@return a request for a configuration with the actual state of an endpoint, including its weights and instance
   * counts}
   */
  static CreateEndpointConfigRequest.Builder copyOf(
      DescribeEndpointConfigResponse configuration, DescribeEndpointResponse endpoint) {
    return CreateEndpointConfigRequest.builder()
        .productionVariants(withActualCapacity(configuration.productionVariants(), endpoint))
        .shadowProductionVariants(
            orNone(withActualCapacity(configuration.shadowProductionVariants(), endpoint)))
        .dataCaptureConfig(configuration.dataCaptureConfig())
        .kmsKeyId(configuration.kmsKeyId())
        .asyncInferenceConfig(configuration.asyncInferenceConfig())
        .explainerConfig(configuration.explainerConfig())
        .executionRoleArn(configuration.executionRoleArn())
        .vpcConfig(configuration.vpcConfig())
        .enableNetworkIsolation(configuration.enableNetworkIsolation())
        .metricsConfig(configuration.metricsConfig());
  }

  /** {@return the shadows, or null if there are none, because AWS rejects an empty list} */
  static @Nullable List<ProductionVariant> orNone(List<ProductionVariant> shadows) {
    return shadows.isEmpty() ? null : shadows;
  }

  private static List<ProductionVariant> withActualCapacity(
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
   * Creates a configuration, or takes the existing one of this name, which has the same content.
   *
   * @return its name
   */
  String createConfiguration(
      String endpoint,
      CreateEndpointConfigRequest.Builder wanted,
      Map<String, String> resourceTags) {
    String name = SageMakerNames.CONTENT.of(endpoint, endpoint, wanted.build().toString());
    Map<String, String> tagged = new HashMap<>(resourceTags);
    SageMakerTags.remember(tagged, models(wanted.build()));
    CreateEndpointConfigRequest request =
        wanted.endpointConfigName(name).tags(SageMakerTags.list(tagged)).build();
    deferredDeletions.remove(endpoint);
    known.remove(name);
    boolean own = created.put(name, endpoint) != null;
    try {
      CreateEndpointConfigResponse answer = errors.call(
          "Create endpoint configuration " + name,
          () -> clients.controlPlane().createEndpointConfig(request));
      tags.noteCreation(answer.endpointConfigArn(), tagged);
    } catch (ServingException e) {
      if (e.kind() != ErrorKind.ALREADY_EXISTS) {
        throw e;
      }
      Map<String, String> claimed = new HashMap<>(tagged);
      if (!own) {
        claimed.put(SageMakerTags.CLAIMED, tags.now());
      }
      // A run that ended may have created it; this run claims it.
      findConfiguration(name).ifPresent(found -> tag(found, claimed));
    }
    return name;
  }

  /** Notes the key of a model's upload, for the tags of configurations. */
  void noteArtifact(String model, String key) {
    artifacts.put(model, key);
  }

  private Map<String, String> models(CreateEndpointConfigRequest wanted) {
    Map<String, String> models = new HashMap<>();
    Stream.concat(wanted.productionVariants().stream(), wanted.shadowProductionVariants().stream())
        .map(ProductionVariant::modelName)
        .filter(Objects::nonNull)
        .forEach(model -> models.put(model, artifacts.getOrDefault(model, "")));
    return models;
  }

  private void tag(DescribeEndpointConfigResponse configuration, Map<String, String> resourceTags) {
    errors.find(
        "Tag endpoint configuration " + configuration.endpointConfigName(),
        () -> clients
            .controlPlane()
            .addTags(request -> request
                .resourceArn(configuration.endpointConfigArn())
                .tags(SageMakerTags.list(resourceTags))));
  }

  /** Leaves the deletion of configurations to steps of their own, after the models that their tags name. */
  void deferDeletion(String endpoint, Set<ResourceRef> going) {
    deferredDeletions.put(
        endpoint,
        going.stream()
            .filter(ref -> ref.kind().equals(SageMakerKinds.CONFIGURATION.name()))
            .map(ResourceRef::name)
            .collect(Collectors.toSet()));
  }

  void deleteSuperseded(String endpoint) {
    deleteSuperseded(endpoint, endpoint);
  }

  /**
   * Deletes the configurations that an endpoint does not use, unless another process may be about to use them.
   *
   * <p>While the endpoint exists, these are the configurations that are newer than its own. When it does not, another
   * process may have created a configuration, or claimed one that was left, to create the endpoint again. Then only
   * these are deleted: the ones of this process, those that an endpoint had, and those older than AWS's settling
   * time.
   *
   * @param createdFor the name with which {@link #createConfiguration} created them
   */
  void deleteSuperseded(String endpoint, String createdFor) {
    Optional<DescribeEndpointResponse> found = find(endpoint);
    if (found.isPresent() && !isAtRest(found.get())) {
      return;
    }
    String current = found.map(DescribeEndpointResponse::endpointConfigName).orElse("");
    List<EndpointConfigSummary> all = configurations(SageMakerNames.CONTENT.beginning(createdFor));
    Instant since = all.stream()
        .filter(summary -> summary.endpointConfigName().equals(current))
        .map(EndpointConfigSummary::creationTime)
        .findFirst()
        .orElse(Instant.MIN);
    Set<String> superseded = new HashSet<>();
    // A configuration that was just created may not be listed yet.
    created.forEach((name, owner) -> {
      if (owner.equals(createdFor)) {
        superseded.add(name);
      }
    });
    for (EndpointConfigSummary summary : all) {
      boolean replaced = found.isEmpty() || summary.creationTime().isBefore(since);
      if (replaced && belongsTo(endpoint, summary, found.isEmpty())) {
        superseded.add(summary.endpointConfigName());
      }
    }
    superseded.remove(current);
    superseded.removeAll(deferredDeletions.getOrDefault(endpoint, Set.of()));
    superseded.forEach(name -> {
      deleteConfiguration(name);
      known.put(name, Optional.empty());
    });
    created.remove(current);
  }

  static boolean isAtRest(DescribeEndpointResponse endpoint) {
    return switch (endpoint.endpointStatusAsString()) {
      case "InService", "Failed", "OutOfService", "UpdateRollbackFailed" -> true;
      default -> false;
    };
  }

  private boolean belongsTo(String endpoint, EndpointConfigSummary summary, boolean gone) {
    // A claim, which is written later than the tags of the creation, counts only without an
    // endpoint.
    Map<String, String> resourceTags = gone
        ? tags.read(summary.endpointConfigArn())
        : tags.ofListed(summary.endpointConfigArn(), summary.creationTime());
    return SageMakerTags.areManaged(resourceTags)
        && endpoint.equals(resourceTags.get(SageMakerTags.DEPLOYMENT))
        && !(gone && isAboutToBeUsed(summary.creationTime(), resourceTags));
  }

  /** {@return whether another process may have created or claimed a configuration, and be about to use it} */
  boolean isAboutToBeUsed(Instant createdAt, Map<String, String> resourceTags) {
    Instant claimedAt = createdAt;
    try {
      claimedAt = Instant.parse(resourceTags.getOrDefault(SageMakerTags.CLAIMED, ""));
    } catch (DateTimeParseException e) {
      // It was not claimed since.
    }
    return !tags.isSettled(claimedAt);
  }

  /**
   * Tags the configuration of an endpoint that is being deleted as not about to be used, if it is recent.
   *
   * <p>It is read again, because the look before the deletion of a failed endpoint has not read it.
   */
  void release(DescribeEndpointResponse endpoint) {
    findConfiguration(endpoint.endpointConfigName())
        .map(configuration -> current(endpoint, configuration))
        .ifPresent(this::release);
  }

  /** Does the same with a configuration that is being replaced. */
  void release(Current current) {
    if (SageMakerTags.areManaged(current.tags())
        && isAboutToBeUsed(current.configuration().creationTime(), current.tags())) {
      tag(current.configuration(), Map.of(SageMakerTags.CLAIMED, Instant.EPOCH.toString()));
    }
  }

  void deleteConfiguration(String name) {
    errors.find(
        "Delete endpoint configuration " + name,
        () -> clients
            .controlPlane()
            .deleteEndpointConfig(request -> request.endpointConfigName(name)));
    created.remove(name);
    deferredDeletions.values().forEach(names -> names.remove(name));
  }

  /** {@return all configurations whose names are built as this library's, listed once in a look} */
  List<EndpointConfigSummary> configurations(Look look) {
    return look.once("configurations", () -> configurations(ContentName.PREFIX));
  }

  private List<EndpointConfigSummary> configurations(String nameContains) {
    List<EndpointConfigSummary> listed = Pages
        .<ListEndpointConfigsResponse, EndpointConfigSummary>all(
            SageMakerProvider.ID,
            "endpoint configurations",
            token -> errors.call(
                "List endpoint configurations",
                () -> clients
                    .controlPlane()
                    .listEndpointConfigs(request ->
                        request.nameContains(nameContains).maxResults(PAGE).nextToken(token))),
            ListEndpointConfigsResponse::endpointConfigs,
            ListEndpointConfigsResponse::nextToken)
        .stream()
        .filter(summary -> SageMakerNames.CONTENT.isMadeHere(summary.endpointConfigName()))
        .toList();
    listed.stream()
        .map(EndpointConfigSummary::endpointConfigName)
        .filter(this::isDeleted)
        .forEach(known::remove);
    return listed;
  }

  // ---- tags ----

  /**
   * An endpoint right before a change.
   *
   * @param configuration its configuration
   * @param tags the tags of its configuration, which other processes may change
   */
  record Current(
      DescribeEndpointResponse endpoint,
      DescribeEndpointConfigResponse configuration,
      Map<String, String> tags) {}

  /** {@return an endpoint with its configuration, and the tags of that, which are read} */
  Current current(DescribeEndpointResponse endpoint, DescribeEndpointConfigResponse configuration) {
    return new Current(endpoint, configuration, tags.read(configuration.endpointConfigArn()));
  }

  /**
   * {@return the tags of a configuration that replaces another: its owner tag, the run of each of its variants, and
   * the tags that users have added}
   */
  Map<String, String> carriedTags(Current replaced, Collection<String> variants) {
    DescribeEndpointResponse endpoint = replaced.endpoint();
    Map<String, String> carried = new HashMap<>(replaced.tags());
    if (!SageMakerTags.areManaged(carried)) {
      Map<String, String> resourceTags = tags.read(endpoint.endpointArn());
      carried.put(SageMakerTags.DEPLOYMENT, endpoint.endpointName());
      carried.put(SageMakerTags.RUN, resourceTags.getOrDefault(SageMakerTags.RUN, ""));
    }
    carried
        .keySet()
        .removeIf(key -> key.startsWith(TagRules.RESERVED)
            || key.equals(SageMakerTags.CLAIMED)
            || (key.startsWith(SageMakerTags.RUN_OF_VARIANT)
                && !variants.contains(key.substring(SageMakerTags.RUN_OF_VARIANT.length()))));
    return carried;
  }
}
