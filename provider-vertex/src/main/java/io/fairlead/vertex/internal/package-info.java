/**
 * The adapter to Vertex AI: mapper, kinds of resources, clients, invocation.
 *
 * <p>Internal: no other module uses it, and it changes without notice.
 */
@NullMarked
package io.fairlead.vertex.internal;

import org.jspecify.annotations.NullMarked;
