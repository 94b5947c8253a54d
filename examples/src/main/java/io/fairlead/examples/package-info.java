/** Programs to run and to read: {@code examples/run NAME} starts each. */
@NullMarked
package io.fairlead.examples;

import org.jspecify.annotations.NullMarked;
