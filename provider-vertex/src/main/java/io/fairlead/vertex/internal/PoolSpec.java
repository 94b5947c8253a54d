package io.fairlead.vertex.internal;

/** A pool's machines. */
record PoolSpec(VertexMachine machine) {}
