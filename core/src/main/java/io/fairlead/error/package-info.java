/** The one exception of every platform, and its kinds. */
@NullMarked
package io.fairlead.error;

import org.jspecify.annotations.NullMarked;
