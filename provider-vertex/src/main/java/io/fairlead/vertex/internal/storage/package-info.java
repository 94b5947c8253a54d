/**
 * Uploads of local models to Cloud Storage, and its client.
 *
 * <p>Internal: no other module uses it, and it changes without notice.
 */
@NullMarked
package io.fairlead.vertex.internal.storage;

import org.jspecify.annotations.NullMarked;
