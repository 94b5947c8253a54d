/**
 * What providers build on: a provider says what there should be, and the {@link io.fairlead.reconcile.Reconciler}
 * brings it there.
 *
 * <p>The author of a provider writes, for each kind of resource that the platform has, how to read, create, update,
 * delete and list it ({@link io.fairlead.reconcile.ResourceKind}), and a pure mapper from the grammar to resources ({@link
 * io.fairlead.reconcile.EndpointMapper}, {@link io.fairlead.reconcile.FunctionMapper}). Waiting, retrying, resuming, undoing, planning
 * and sweeping are done here, once for all platforms.
 */
@NullMarked
package io.fairlead.reconcile;

import org.jspecify.annotations.NullMarked;
