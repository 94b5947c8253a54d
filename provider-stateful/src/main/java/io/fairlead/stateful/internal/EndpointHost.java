package io.fairlead.stateful.internal;

import io.fairlead.grammar.Container;
import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.Problems;
import io.fairlead.grammar.Routing;
import io.fairlead.grammar.Served;
import io.fairlead.grammar.TrafficWeight;
import io.fairlead.grammar.Version;
import io.fairlead.json.GrammarJson;
import io.fairlead.operation.Operation;
import io.fairlead.platform.Description;
import io.fairlead.platform.EndpointPlatform;
import io.fairlead.provider.Deadline;
import io.fairlead.provider.TimeSource;
import io.fairlead.reconcile.CompositeOperations.Steps;
import io.fairlead.stateful.Hosting;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * An endpoint platform that is wrapped: each model version is a variant of its own, so that a new one is warmed up while
 * the old one serves.
 */
final class EndpointHost extends PlatformHost<Endpoint, EndpointPlatform> {
  private static final int VARIANT_DIGITS = 12;
  private static final Pattern OURS = Pattern.compile("m-[0-9a-f]{" + VARIANT_DIGITS + "}");

  private final Optional<Hosting> hosting;
  private final TimeSource time;

  /**
   * Wraps a platform.
   *
   * @param owned whether it is closed with this one
   */
  EndpointHost(
      EndpointPlatform platform, Optional<Hosting> hosting, boolean owned, TimeSource time) {
    super(platform, Endpoint.class, owned);
    this.hosting = hosting;
    this.time = time;
  }

  @Override
  public boolean hasVariants() {
    return true;
  }

  @Override
  public List<Serving> look(String name, List<Serving> known, Duration limit) {
    Deadline deadline = Deadline.after(limit, time);
    Set<String> variants = new HashSet<>();
    known.forEach(serving -> variants.add(String.valueOf(serving.variant())));
    List<Serving> found = describe(name, variants, deadline);
    if (found.stream().mapToInt(Serving::weight).sum() == TrafficWeight.ALL.percent()) {
      return found;
    }
    Set<String> listed = new HashSet<>();
    platform.list(left(deadline)).stream()
        .filter(deployment -> deployment.name().equals(name))
        .forEach(deployment -> deployment.variant().ifPresent(listed::add));
    return describe(name, listed, deadline);
  }

  private List<Serving> describe(String name, Set<String> variants, Deadline deadline) {
    List<Serving> found = new ArrayList<>();
    for (String variant : variants) {
      platform
          .describe(name, variant, left(deadline))
          .flatMap(EndpointHost::serving)
          .ifPresent(found::add);
    }
    return found;
  }

  /** More than 0, as limits have to be. */
  private static Duration left(Deadline deadline) {
    Duration left = deadline.left();
    return left.isZero() ? Duration.ofNanos(1) : left;
  }

  private static Optional<Serving> serving(Description<Endpoint> described) {
    return described
        .value()
        .map(endpoint -> new Serving(
            endpoint.routing().variant(),
            described.deployment().weight().percent(),
            described.deployment().state(),
            Fingerprints.of(endpoint.artifact(), GrammarJson.write(endpoint.container())),
            endpoint));
  }

  @Override
  public void checkMayDeploy() {
    Problems.in("StatefulConfig")
        .check(
            hosting.isPresent(),
            "hosting",
            "must be given to deploy on " + id()
                + ": it says what containers run on; without it, attach to what serves already")
        .throwIfAny();
  }

  @Override
  public Served deploy(Steps steps, ModelArtifact artifact, String digest) {
    Hosting with = hosting.orElseThrow();
    Container container =
        steps.await(() -> platform.packageModel(artifact, with.runtime(), with.dependencies()));
    Routing routing = new Routing(artifact.metadata().name().orElseThrow(), variantOf(digest));
    return steps.await(() -> platform.deploy(container, with.scaling(), routing));
  }

  @Override
  public String variantOf(String digest) {
    return "m-" + digest.substring(0, VARIANT_DIGITS);
  }

  @Override
  public boolean isOurs(Serving serving) {
    @Nullable String variant = serving.variant();
    return variant != null && OURS.matcher(variant).matches();
  }

  @Override
  public boolean isVersion(Serving serving, String digest) {
    return variantOf(digest).equals(serving.variant());
  }

  @Override
  public void promote(Steps steps, Served newer, Served older) {
    steps.await(() -> allTo(newer, older));
  }

  @Override
  public Operation<?> demoting(Served newer, Served older) {
    return allTo(older, newer);
  }

  private Operation<Version> allTo(Served serving, Served other) {
    return platform.route(
        own(other).at(TrafficWeight.NONE), own(serving).at(TrafficWeight.NONE), TrafficWeight.ALL);
  }

  @Override
  public void retire(Steps steps, Served older) {
    steps.await(() -> platform.undeploy(own(older)));
  }

  @Override
  public Operation<?> undoing(Served newer, @Nullable Served older) {
    return platform.undeploy(own(newer));
  }
}
