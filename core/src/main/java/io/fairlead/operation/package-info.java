/** Long-running operations: their status, progress and result, and plans of operations that are not run. */
@NullMarked
package io.fairlead.operation;

import org.jspecify.annotations.NullMarked;
