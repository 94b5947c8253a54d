/**
 * Endpoints on Google Vertex AI: the platform, how it is opened, and the options that Vertex AI alone has.
 *
 * <p>{@link io.fairlead.vertex.VertexProvider} opens it. What is public in {@code io.fairlead.vertex.internal} is so for
 * technical reasons only and changes without notice.
 */
@NullMarked
package io.fairlead.vertex;

import org.jspecify.annotations.NullMarked;
