package io.fairlead.vertex.internal;

import io.fairlead.reconcile.KindName;

/** The state of a pool: its machines. */
record PoolSpec(VertexMachine machine) {
  static final KindName<PoolSpec> KIND = new KindName<>("deployment-resource-pool", PoolSpec.class);
}
