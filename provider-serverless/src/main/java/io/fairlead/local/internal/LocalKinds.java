package io.fairlead.local.internal;

import io.fairlead.reconcile.KindName;
import io.fairlead.reconcile.ResourceKind;
import io.fairlead.reconcile.RolledBack;
import io.fairlead.reconcile.TrafficSetting;
import java.util.List;

/**
 * The resource kinds of the platform {@code local}, each after those that it uses, and the traffic of its endpoints.
 */
record LocalKinds(
    ResourceKind<LocalModel> model,
    ResourceKind<LocalEndpoint> endpoint,
    ResourceKind<LocalVariant> variant,
    ResourceKind<RolledBack> rolledBack,
    TrafficSetting traffic) {
  static final KindName<LocalModel> MODEL = new KindName<>("model", LocalModel.class);
  static final KindName<LocalEndpoint> ENDPOINT = new KindName<>("endpoint", LocalEndpoint.class);
  static final KindName<LocalVariant> VARIANT = new KindName<>("variant", LocalVariant.class);

  List<ResourceKind<?>> all() {
    return List.of(model, endpoint, variant, rolledBack);
  }
}
