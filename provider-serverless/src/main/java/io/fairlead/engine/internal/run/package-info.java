/**
 * The running of loaded models: leases, deadlines, batches, and Java code.
 *
 * <p>Internal to this module; it may change at any time.
 */
@NullMarked
package io.fairlead.engine.internal.run;

import org.jspecify.annotations.NullMarked;
