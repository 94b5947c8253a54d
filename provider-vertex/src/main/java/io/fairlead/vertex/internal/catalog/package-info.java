/**
 * What Google and Hugging Face publish, as data with its source and date: machine types and images,
 * and where the containers of these images read generation parameters.
 *
 * <p>Internal: no other module uses it, and it changes without notice.
 */
@NullMarked
package io.fairlead.vertex.internal.catalog;

import org.jspecify.annotations.NullMarked;
