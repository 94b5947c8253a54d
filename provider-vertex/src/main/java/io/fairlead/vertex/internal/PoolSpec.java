package io.fairlead.vertex.internal;

import io.fairlead.reconcile.KindName;

/** A pool's machines. */
record PoolSpec(VertexMachine machine) {
  static final KindName<PoolSpec> KIND = new KindName<>("deployment-resource-pool", PoolSpec.class);
}
