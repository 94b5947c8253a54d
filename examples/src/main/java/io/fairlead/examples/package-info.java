/** The example programs; {@code examples/run NAME} runs one. */
@NullMarked
package io.fairlead.examples;

import org.jspecify.annotations.NullMarked;
