/**
 * Invocations over HTTPS, which Vertex AI does not offer over gRPC.
 *
 * <p>Internal: no other module uses it, and it changes without notice.
 */
@NullMarked
package io.fairlead.vertex.internal.http;

import org.jspecify.annotations.NullMarked;
