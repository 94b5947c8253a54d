/** Long work: what is going on, what was planned, and how to wait for it. */
@NullMarked
package io.fairlead.operation;

import org.jspecify.annotations.NullMarked;
