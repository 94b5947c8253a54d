package io.fairlead.vertex.internal;

import io.fairlead.reconcile.Desired;
import io.fairlead.reconcile.KindName;
import java.util.Optional;

/**
 * The state of a pool.
 *
 * @param machine its machines
 * @param serviceAccount the service account of its containers; may be empty
 * @param encryptionKey its encryption key; empty for Google's own
 */
record PoolSpec(VertexMachine machine, String serviceAccount, String encryptionKey) {
  static final KindName<PoolSpec> KIND = new KindName<>("deployment-resource-pool", PoolSpec.class);

  /** The desired state, in which what is not given is as it is. */
  record Merged(PoolSpec wanted) implements Desired<PoolSpec> {
    @Override
    public PoolSpec from(Optional<PoolSpec> actual) {
      return new PoolSpec(
          wanted.machine(),
          given(wanted.serviceAccount(), actual.map(PoolSpec::serviceAccount)),
          given(wanted.encryptionKey(), actual.map(PoolSpec::encryptionKey)));
    }

    private static String given(String wanted, Optional<String> actual) {
      return wanted.isEmpty() ? actual.orElse("") : wanted;
    }
  }

  /** {@return why it cannot be updated in place; empty if it can} */
  Optional<String> cannotBecome(PoolSpec other) {
    String wayOut =
        ", which cannot be changed: name another pool, or undeploy what is in this one first";
    if (!machine.isSameKindAs(other.machine)) {
      return Optional.of("has other machines (" + machine.type() + ")" + wayOut);
    }
    if (!serviceAccount.equals(other.serviceAccount)) {
      return Optional.of("runs as another service account ("
          + (serviceAccount.isEmpty() ? "Vertex AI's own" : serviceAccount) + ")" + wayOut);
    }
    return VertexNames.areSameInAnyProject(encryptionKey, other.encryptionKey)
        ? Optional.empty()
        : Optional.of("is encrypted with "
            + (encryptionKey.isEmpty() ? "Google's own key" : encryptionKey) + wayOut);
  }
}
