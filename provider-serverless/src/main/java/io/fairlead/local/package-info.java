/** Models as endpoints in this JVM: {@link io.fairlead.local.LocalProvider}. */
@NullMarked
package io.fairlead.local;

import org.jspecify.annotations.NullMarked;
