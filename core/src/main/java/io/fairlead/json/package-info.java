/** Reading and writing values of the grammar as JSON. */
@NullMarked
package io.fairlead.json;

import org.jspecify.annotations.NullMarked;
