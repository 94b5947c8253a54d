/**
 * Models of this machine on their way into Cloud Storage, and the client for it.
 *
 * <p>Internal: no other module uses it, and it changes without notice.
 */
@NullMarked
package io.fairlead.vertex.internal.storage;

import org.jspecify.annotations.NullMarked;
