/**
 * Models with state, in front of any platform: the platform {@code stateful}.
 *
 * <p>A cache of their answers that is never stale, weights that are warm before they serve, and what is observed and
 * tuned meanwhile.
 */
@NullMarked
package io.fairlead.stateful;

import org.jspecify.annotations.NullMarked;
