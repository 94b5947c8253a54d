/**
 * What Vertex AI alone knows of a model, as options of the grammar.
 *
 * <p>This module has the options only. Its platform is not ready yet, so that {@code Platforms.open("vertex", ...)}
 * finds no provider; values that carry the options can be made, compared, and stored as JSON.
 */
@NullMarked
package io.fairlead.vertex;

import org.jspecify.annotations.NullMarked;
