/**
 * Uploads of local models to the container of a datastore.
 *
 * <p>Internal: no other module uses it, and it changes without notice.
 */
@NullMarked
package io.fairlead.azureml.internal.storage;

import org.jspecify.annotations.NullMarked;
