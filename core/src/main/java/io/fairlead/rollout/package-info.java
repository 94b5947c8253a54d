/** Rollouts: a new version gets the requests of a public name in steps, as long as guards find it good. */
@NullMarked
package io.fairlead.rollout;

import org.jspecify.annotations.NullMarked;
