/**
 * Invocations of online endpoints.
 *
 * <p>Internal: no other module uses it, and it changes without notice.
 */
@NullMarked
package io.fairlead.azureml.internal.scoring;

import org.jspecify.annotations.NullMarked;
