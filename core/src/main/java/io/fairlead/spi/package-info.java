/** What the author of a provider implements so that {@link io.fairlead.platform.Platforms} finds it. */
@NullMarked
package io.fairlead.spi;

import org.jspecify.annotations.NullMarked;
