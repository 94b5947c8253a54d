/** How guards decide. */
@NullMarked
package io.fairlead.rollout.internal;

import org.jspecify.annotations.NullMarked;
