/** The grammar as JSON, both ways. */
@NullMarked
package io.fairlead.json;

import org.jspecify.annotations.NullMarked;
