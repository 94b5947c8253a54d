/** The exception that all platforms throw, and its kinds. */
@NullMarked
package io.fairlead.error;

import org.jspecify.annotations.NullMarked;
