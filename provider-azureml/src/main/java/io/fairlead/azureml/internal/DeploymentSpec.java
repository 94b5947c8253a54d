package io.fairlead.azureml.internal;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.fairlead.azureml.AzureMlContainer;
import io.fairlead.azureml.AzureMlProbe;
import io.fairlead.azureml.AzureMlScaling;
import io.fairlead.azureml.internal.arm.AssetType;
import io.fairlead.azureml.internal.arm.Document;
import io.fairlead.grammar.Dependencies;
import io.fairlead.grammar.InvalidValueException;
import io.fairlead.provider.Fingerprint;
import io.fairlead.reconcile.KindName;
import java.time.DateTimeException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * A managed deployment, which serves a variant's requests.
 *
 * @param model its model: {@code NAME:VERSION} in the workspace, or the id of one elsewhere; empty if the container
 *     downloads it
 * @param environment its environment likewise; empty if the model brings one
 * @param code its code likewise; empty if it has none
 * @param entryScript the script of the code; empty if it has none
 * @param environmentVariables the environment variables, whose values are not shown
 * @param instanceType the type of its instances
 * @param instances the number of its instances
 * @param container how the container is run, except for where its server listens
 * @param requests the limits of its requests
 * @param evaluationRules the rules by which it is evaluated, by others
 * @param tags the tags of the user
 */
record DeploymentSpec(
    String model,
    String environment,
    String code,
    String entryScript,
    Dependencies environmentVariables,
    String instanceType,
    Instances instances,
    AzureMlContainer container,
    AzureMlScaling requests,
    SortedMap<String, String> evaluationRules,
    SortedMap<String, String> tags) {
  static final KindName<DeploymentSpec> KIND = new KindName<>("deployment", DeploymentSpec.class);

  /** The type of instances that Azure ML takes if none is given. */
  static final String USUAL_INSTANCES = "Standard_F4s_v2";

  /** What others have set and the options do not allow. */
  private static final AzureMlContainer OTHER_CONTAINER =
      AzureMlContainer.DEFAULT.withLivenessProbe(
          AzureMlProbe.DEFAULT.withFailureThreshold(Integer.MAX_VALUE));

  private static final AzureMlScaling OTHER_REQUESTS =
      AzureMlScaling.DEFAULT.withMaxConcurrentRequests(Integer.MAX_VALUE);

  /** Azure ML's own limits. */
  private static final int USUAL_REQUESTS = 1;

  private static final Duration USUAL_TIMEOUT = Duration.ofSeconds(5);

  private static final String WAY_OUT =
      ": deploy a second version under another variant, shift the traffic to it, and undeploy this one";

  /**
   * The number of a deployment's instances.
   *
   * @param count the number; of those that follow the load, the first
   * @param followLoad whether an autoscale setting changes it
   */
  record Instances(int count, boolean followLoad) {
    /** The number of a deployment that could not be scaled: the old or the new one. */
    static final Instances UNKNOWN = new Instances(0, false);

    @Override
    public String toString() {
      if (followLoad) {
        return "by load";
      }
      return count == 0 ? "unknown" : String.valueOf(count);
    }
  }

  DeploymentSpec {
    requests = withoutDefaults(requests);
    evaluationRules = new TreeMap<>(evaluationRules);
    tags = new TreeMap<>(tags);
  }

  /** {@return the limits without those that Azure ML has anyway, so that those that are given and those that are not are equal} */
  private static AzureMlScaling withoutDefaults(AzureMlScaling requests) {
    AzureMlScaling given = AzureMlScaling.DEFAULT;
    Optional<Integer> concurrent =
        requests.maxConcurrentRequests().filter(number -> number != USUAL_REQUESTS);
    if (concurrent.isPresent()) {
      given = given.withMaxConcurrentRequests(concurrent.get());
    }
    Optional<Duration> timeout =
        requests.requestTimeout().filter(time -> !time.equals(USUAL_TIMEOUT));
    return timeout.isPresent() ? given.withRequestTimeout(timeout.get()) : given;
  }

  // ---- reading ----

  static DeploymentSpec of(Document deployment, AzureMlNames names) {
    Document properties = deployment.inside("properties").orElse(Document.EMPTY);
    SortedMap<String, String> tags = AzureMlTags.users(deployment.texts("tags"));
    SortedMap<String, String> rules = new TreeMap<>();
    for (String name : List.copyOf(tags.keySet())) {
      if (name.startsWith(AzureMlTags.EVALUATION)) {
        String rule = String.valueOf(tags.remove(name));
        if (!rule.isEmpty()) {
          rules.put(name.substring(AzureMlTags.EVALUATION.length()), rule);
        }
      }
    }
    return new DeploymentSpec(
        asset(AssetType.MODEL, properties.text("model"), names),
        asset(AssetType.ENVIRONMENT, properties.text("environmentId"), names),
        asset(AssetType.CODE, properties.text("codeConfiguration", "codeId"), names),
        properties.text("codeConfiguration", "scoringScript").orElse(""),
        Variables.given(properties.texts("environmentVariables")),
        properties.text("instanceType").orElse(USUAL_INSTANCES),
        new Instances(deployment.number("sku", "capacity").orElse(1), false),
        container(properties),
        requests(properties),
        rules,
        tags);
  }

  private static String asset(AssetType type, Optional<String> id, AzureMlNames names) {
    return id.map(text -> names.asset(type, text).map(AssetRef::toString).orElse(text))
        .orElse("");
  }

  private static AzureMlContainer container(Document properties) {
    try {
      return valid(properties);
    } catch (InvalidValueException e) {
      return OTHER_CONTAINER;
    }
  }

  private static AzureMlContainer valid(Document properties) {
    AzureMlContainer container = AzureMlContainer.DEFAULT
        .withLivenessProbe(probe(properties.inside("livenessProbe")))
        .withReadinessProbe(probe(properties.inside("readinessProbe")));
    Optional<String> mount = properties.text("modelMountPath");
    if (mount.isPresent()) {
      container = container.withModelMountPath(mount.get());
    }
    boolean isClosed =
        "Disabled".equalsIgnoreCase(properties.text("egressPublicNetworkAccess").orElse(""));
    return isClosed ? container.withoutEgress() : container;
  }

  private static AzureMlProbe probe(Optional<Document> probe) {
    AzureMlProbe usual = AzureMlProbe.DEFAULT;
    return new AzureMlProbe(
        probe.flatMap(one -> duration(one, "initialDelay")).orElse(usual.initialDelay()),
        probe.flatMap(one -> duration(one, "period")).orElse(usual.period()),
        probe.flatMap(one -> duration(one, "timeout")).orElse(usual.timeout()),
        probe.flatMap(one -> one.number("successThreshold")).orElse(usual.successThreshold()),
        probe.flatMap(one -> one.number("failureThreshold")).orElse(usual.failureThreshold()));
  }

  private static AzureMlScaling requests(Document properties) {
    try {
      return limits(properties.inside("requestSettings").orElse(Document.EMPTY));
    } catch (InvalidValueException e) {
      return OTHER_REQUESTS;
    }
  }

  private static AzureMlScaling limits(Document settings) {
    AzureMlScaling requests = AzureMlScaling.DEFAULT;
    Optional<Integer> concurrent = settings.number("maxConcurrentRequestsPerInstance");
    if (concurrent.isPresent()) {
      requests = requests.withMaxConcurrentRequests(concurrent.get());
    }
    Optional<Duration> timeout = duration(settings, "requestTimeout");
    return timeout.isPresent() ? requests.withRequestTimeout(timeout.get()) : requests;
  }

  private static Optional<Duration> duration(Document document, String field) {
    try {
      return document.text(field).map(Duration::parse);
    } catch (DateTimeException e) {
      return Optional.empty();
    }
  }

  /** {@return whether the options can express how it is run} */
  boolean isKnown() {
    return !container.equals(OTHER_CONTAINER)
        && !requests.equals(OTHER_REQUESTS)
        && !environmentVariables.equals(Variables.OTHERS);
  }

  // ---- writing ----

  /** {@return the document of a new deployment, without region and owner} */
  Document document(AzureMlNames names, AssetVersions versions) {
    Document document = Document.EMPTY
        .with("Managed", "properties", "endpointComputeType")
        .with("Default", "properties", "scaleSettings", "scaleType")
        .with(instanceType, "properties", "instanceType")
        .with(environmentVariables.environment(), "properties", "environmentVariables")
        .with(probe(container.livenessProbe()), "properties", "livenessProbe")
        .with(probe(container.readinessProbe()), "properties", "readinessProbe")
        .with(
            container.egress() ? "Enabled" : "Disabled", "properties", "egressPublicNetworkAccess")
        .with(allTags(), "tags");
    if (!model.isEmpty()) {
      document = document.with(id(AssetType.MODEL, model, names, versions), "properties", "model");
    }
    if (!environment.isEmpty()) {
      document = document.with(
          id(AssetType.ENVIRONMENT, environment, names, versions), "properties", "environmentId");
    }
    if (!code.isEmpty()) {
      document = document
          .with(
              id(AssetType.CODE, code, names, versions),
              "properties",
              "codeConfiguration",
              "codeId")
          .with(entryScript, "properties", "codeConfiguration", "scoringScript");
    }
    Optional<String> mount = container.modelMountPath();
    if (mount.isPresent()) {
      document = document.with(mount.get(), "properties", "modelMountPath");
    }
    Optional<Integer> concurrent = requests.maxConcurrentRequests();
    if (concurrent.isPresent()) {
      document = document.with(
          concurrent.get(), "properties", "requestSettings", "maxConcurrentRequestsPerInstance");
    }
    Optional<Duration> timeout = requests.requestTimeout();
    return timeout.isPresent()
        ? document.with(timeout.get().toString(), "properties", "requestSettings", "requestTimeout")
        : document;
  }

  /** {@return the document of the instances, with which a deployment begins or is scaled} */
  static Document sku(int instances) {
    return Document.EMPTY.with("Default", "name").with(instances, "capacity");
  }

  /** {@return the tags of the user with the evaluation rules} */
  SortedMap<String, String> allTags() {
    SortedMap<String, String> all = new TreeMap<>(tags);
    evaluationRules.forEach((name, rule) -> all.put(AzureMlTags.EVALUATION + name, rule));
    return all;
  }

  /**
   * {@return the tags that change those of the actual state: rules that are not desired any more become empty, because it
   * is not documented whether a tag that is left out is removed}
   */
  SortedMap<String, String> changing(DeploymentSpec actual) {
    SortedMap<String, String> all = new TreeMap<>(actual.tags);
    actual.evaluationRules.keySet().forEach(name -> all.put(AzureMlTags.EVALUATION + name, ""));
    all.putAll(allTags());
    return all;
  }

  private static String id(
      AssetType type, String asset, AzureMlNames names, AssetVersions versions) {
    return isElsewhere(asset)
        ? asset
        : names.assetId(type, versions.inWorkspace(type, AssetRef.parse(asset)));
  }

  private static boolean isElsewhere(String asset) {
    return asset.contains("/");
  }

  private static Document probe(AzureMlProbe probe) {
    return Document.EMPTY
        .with(probe.initialDelay().toString(), "initialDelay")
        .with(probe.period().toString(), "period")
        .with(probe.timeout().toString(), "timeout")
        .with(probe.successThreshold(), "successThreshold")
        .with(probe.failureThreshold(), "failureThreshold");
  }

  // ---- comparing ----

  /** {@return what the variant uses of the workspace and was made here} */
  VariantTag uses() {
    return new VariantTag(0, ours(model), ours(environment), ours(code));
  }

  private static Optional<AssetRef> ours(String asset) {
    return Optional.of(asset)
        .filter(text -> !text.isEmpty() && !isElsewhere(text))
        .map(AssetRef::parse)
        .filter(AzureMlNames::isMadeHere);
  }

  /** {@return why it cannot become another in place: a variant keeps its container} */
  Optional<String> cannotBecome(DeploymentSpec desired) {
    List<String> differences = new ArrayList<>();
    addIf(!isOf(model, desired.model), "model", differences);
    addIf(!hasEnvironmentOf(desired), "environment", differences);
    addIf(!code.equalsIgnoreCase(desired.code), "code", differences);
    addIf(!entryScript.equals(desired.entryScript), "entry script", differences);
    addIf(
        !environmentVariables.equals(desired.environmentVariables),
        "environment variables",
        differences);
    addIf(!instanceType.equalsIgnoreCase(desired.instanceType), "instance type", differences);
    addIf(!container.equals(desired.container), "container settings", differences);
    addIf(!requests.equals(desired.requests), "request settings", differences);
    return differences.isEmpty()
        ? Optional.empty()
        : Optional.of("has another " + String.join(", another ", differences) + WAY_OUT);
  }

  private static void addIf(boolean differs, String what, List<String> differences) {
    if (differs) {
      differences.add(what);
    }
  }

  /** The newest version of a registry is whichever it was when it was deployed. */
  private static boolean isOf(String actual, String desired) {
    return actual.equalsIgnoreCase(desired)
        || (Locations.isNewest(desired) && Locations.isOneOf(desired, actual));
  }

  /** For a model that brings its environment, Azure makes one, or takes one of its own. */
  private boolean hasEnvironmentOf(DeploymentSpec desired) {
    return desired.environment.isEmpty()
        ? ours(environment).isEmpty()
        : isOf(environment, desired.environment);
  }

  /** {@return whether it has the instances that are desired; any do if those before a failed change are not known} */
  boolean isScaledAs(DeploymentSpec desired) {
    return desired.instances.followLoad()
        || desired.instances.equals(Instances.UNKNOWN)
        || desired.instances.equals(instances);
  }

  boolean isTaggedAs(DeploymentSpec desired) {
    return allTags().entrySet().containsAll(desired.allTags().entrySet())
        && evaluationRules.keySet().equals(desired.evaluationRules.keySet());
  }

  DeploymentSpec withInstances(Instances others) {
    return new DeploymentSpec(
        model,
        environment,
        code,
        entryScript,
        environmentVariables,
        instanceType,
        others,
        container,
        requests,
        evaluationRules,
        tags);
  }

  /** {@return a fingerprint of all but the instances and the tags, in which no id is, because ids differ in their case} */
  String fingerprint(AzureMlNames names) {
    Document settings = document(names, new AssetVersions())
        .without("tags")
        .without("properties", "model")
        .without("properties", "environmentId")
        .without("properties", "codeConfiguration", "codeId");
    return Fingerprint.of(model, environment, code, new String(settings.write(), UTF_8));
  }
}
