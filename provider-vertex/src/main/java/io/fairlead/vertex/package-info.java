/**
 * The platform {@code vertex}: endpoints on Google Vertex AI. The options are settings that only Vertex AI has.
 *
 * <p>{@link io.fairlead.vertex.VertexProvider} opens it. The package {@code io.fairlead.vertex.internal} is not part
 * of the API, and changes without notice.
 */
@NullMarked
package io.fairlead.vertex;

import org.jspecify.annotations.NullMarked;
