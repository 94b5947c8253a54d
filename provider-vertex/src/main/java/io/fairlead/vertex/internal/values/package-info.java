/**
 * Values between Java and Vertex AI: times of its messages, and what its errors may quote.
 *
 * <p>Internal: no other module uses it, and it changes without notice.
 */
@NullMarked
package io.fairlead.vertex.internal.values;

import org.jspecify.annotations.NullMarked;
