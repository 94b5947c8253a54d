package io.fairlead.vertex.internal;

import io.fairlead.reconcile.Desired;
import io.fairlead.reconcile.KindName;
import io.fairlead.vertex.VertexEndpoint;
import io.fairlead.vertex.VertexLogging;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The state of an endpoint: its network access, its logging, and its labels, both the user's and those about its
 * variants.
 *
 * @param logging with a sampling rate of 0 where it is disabled
 * @param labels all labels but the owner tag
 * @param encryptionKey its encryption key; empty for Google's own, and for any where it is desired
 */
record EndpointSpec(
    VertexEndpoint access,
    VertexLogging logging,
    SortedMap<String, String> labels,
    String encryptionKey) {
  static final KindName<EndpointSpec> KIND = new KindName<>("endpoint", EndpointSpec.class);

  static final VertexLogging NOT_LOGGED = VertexLogging.sampling(0);

  /**
   * The actual state of the endpoint, with the values of one of its variants.
   *
   * @param labels additional labels
   * @param configured the labels of all that is created
   * @param encryptionKey the encryption key of all that is created; may be empty
   */
  record Merged(
      Optional<VertexEndpoint> access,
      Optional<VertexLogging> logging,
      SortedMap<String, String> labels,
      Map<String, String> configured,
      String encryptionKey)
      implements Desired<EndpointSpec> {
    @Override
    public EndpointSpec from(Optional<EndpointSpec> actual) {
      SortedMap<String, String> all = new TreeMap<>();
      actual.ifPresent(there -> all.putAll(there.labels()));
      all.putAll(labels);
      // Variants share the users' labels: the first value stays, or each would change it back.
      actual.ifPresent(there -> all.putAll(VertexTags.users(there.labels())));
      configured.forEach((key, value) -> {
        // Those of a variant's own come first.
        if (value.equals(labels.get(key))) {
          all.put(key, value);
        }
      });
      return new EndpointSpec(
          access.or(() -> actual.map(EndpointSpec::access)).orElseGet(VertexEndpoint::shared),
          logging.or(() -> actual.map(EndpointSpec::logging)).orElse(NOT_LOGGED),
          all,
          encryptionKey.isEmpty()
              ? actual.map(EndpointSpec::encryptionKey).orElse("")
              : encryptionKey);
    }
  }

  /** {@return whether it is the desired state; a default that Vertex AI filled in is no difference} */
  boolean isAs(EndpointSpec desired) {
    return isReachedAs(desired)
        && isEncryptedAs(desired)
        && isLoggedAs(desired)
        && labels.entrySet().containsAll(desired.labels().entrySet());
  }

  /** {@return whether the network access is the same, which cannot be changed} */
  boolean isWhere(EndpointSpec desired) {
    return access.access() == desired.access().access()
        && access.allowedProjects().equals(desired.access().allowedProjects());
  }

  /** {@return whether the encryption key is the same, which cannot be changed} */
  boolean isEncryptedAs(EndpointSpec desired) {
    return desired.encryptionKey().isEmpty()
        || VertexNames.areSameInAnyProject(encryptionKey, desired.encryptionKey());
  }

  private boolean isReachedAs(EndpointSpec desired) {
    return isWhere(desired) && hasTimeoutOf(desired);
  }

  /** If no timeout is desired, the actual one may be Vertex AI's default. */
  boolean hasTimeoutOf(EndpointSpec desired) {
    Optional<Duration> wanted = desired.access().inferenceTimeout();
    return wanted.isEmpty() || wanted.equals(access.inferenceTimeout());
  }

  /** If no table is desired, the actual one is created by Vertex AI. */
  boolean isLoggedAs(EndpointSpec desired) {
    VertexLogging wanted = desired.logging();
    return wanted.samplingRate() == logging.samplingRate()
        && (wanted.table().isEmpty() || wanted.table().equals(logging.table()));
  }
}
