/**
 * The reconciler, on which providers build: a provider maps values of the grammar to the desired state of resources,
 * and the {@link io.fairlead.reconcile.Reconciler} reconciles the platform with it.
 *
 * <p>The author of a provider writes, for each kind of resource that the platform has, how to read, create, update,
 * delete and list it ({@link io.fairlead.reconcile.ResourceKind}), and a pure mapper from the grammar to resources
 * ({@link io.fairlead.reconcile.EndpointMapper}, {@link io.fairlead.reconcile.FunctionMapper}). Waiting for resources,
 * retrying their calls, resuming, rolling back, planning and sweeping are done here, once for all platforms.
 */
@NullMarked
package io.fairlead.reconcile;

import org.jspecify.annotations.NullMarked;
