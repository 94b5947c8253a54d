package io.fairlead.vertex.internal;

import io.fairlead.reconcile.Desired;
import io.fairlead.reconcile.KindName;
import io.fairlead.vertex.VertexEndpoint;
import io.fairlead.vertex.VertexLogging;
import java.time.Duration;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * How an endpoint is reached, how its requests are logged, and its labels: the users', and what it remembers of its
 * variants.
 *
 * @param logging at a rate of 0 where they are not
 * @param labels all but those that tell who manages it
 */
record EndpointSpec(
    VertexEndpoint access, VertexLogging logging, SortedMap<String, String> labels) {
  static final KindName<EndpointSpec> KIND = new KindName<>("endpoint", EndpointSpec.class);

  static final VertexLogging NOT_LOGGED = VertexLogging.sampling(0);

  /**
   * The endpoint as it is, but for what one of its variants says of it.
   *
   * @param labels labels that it is to have, too
   */
  record Merged(
      Optional<VertexEndpoint> access,
      Optional<VertexLogging> logging,
      SortedMap<String, String> labels)
      implements Desired<EndpointSpec> {
    @Override
    public EndpointSpec from(Optional<EndpointSpec> actual) {
      SortedMap<String, String> all = new TreeMap<>();
      actual.ifPresent(there -> all.putAll(there.labels()));
      all.putAll(labels);
      // Variants share the users' labels: the first value stays, or each would change it back.
      actual.ifPresent(there -> all.putAll(VertexTags.users(there.labels())));
      return new EndpointSpec(
          access.or(() -> actual.map(EndpointSpec::access)).orElseGet(VertexEndpoint::shared),
          logging.or(() -> actual.map(EndpointSpec::logging)).orElse(NOT_LOGGED),
          all);
    }
  }

  /** {@return whether it is as it should be; a default that was filled in is no difference} */
  boolean isAs(EndpointSpec desired) {
    return isReachedAs(desired)
        && isLoggedAs(desired)
        && labels.entrySet().containsAll(desired.labels().entrySet());
  }

  /** {@return whether it is reached over the same network, which cannot be changed} */
  boolean isWhere(EndpointSpec desired) {
    return access.access() == desired.access().access()
        && access.allowedProjects().equals(desired.access().allowedProjects());
  }

  private boolean isReachedAs(EndpointSpec desired) {
    return isWhere(desired) && hasTimeoutOf(desired);
  }

  /** Where no time is asked for, the service may say its own. */
  boolean hasTimeoutOf(EndpointSpec desired) {
    Optional<Duration> wanted = desired.access().inferenceTimeout();
    return wanted.isEmpty() || wanted.equals(access.inferenceTimeout());
  }

  /** Where no table is asked for, Vertex AI makes one and says which. */
  boolean isLoggedAs(EndpointSpec desired) {
    VertexLogging wanted = desired.logging();
    return wanted.samplingRate() == logging.samplingRate()
        && (wanted.table().isEmpty() || wanted.table().equals(logging.table()));
  }
}
