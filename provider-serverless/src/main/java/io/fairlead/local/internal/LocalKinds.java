package io.fairlead.local.internal;

import io.fairlead.reconcile.ResourceKind;
import io.fairlead.reconcile.Traffic;
import java.util.List;

/** The kinds of things that this JVM holds, each after those that it uses. */
record LocalKinds(
    ResourceKind<LocalModel> model,
    ResourceKind<LocalEndpoint> endpoint,
    ResourceKind<LocalVariant> variant,
    ResourceKind<Traffic> traffic) {
  /** Puts something around each kind. */
  interface Decorator {
    <T> ResourceKind<T> around(ResourceKind<T> kind);
  }

  LocalKinds decorated(Decorator decorator) {
    return new LocalKinds(
        decorator.around(model),
        decorator.around(endpoint),
        decorator.around(variant),
        decorator.around(traffic));
  }

  List<ResourceKind<?>> all() {
    return List.of(model, endpoint, variant, traffic);
  }
}
