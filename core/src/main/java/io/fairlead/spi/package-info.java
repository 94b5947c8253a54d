/** The service provider interfaces that {@link io.fairlead.platform.Platforms} loads, and the settings of platforms. */
@NullMarked
package io.fairlead.spi;

import org.jspecify.annotations.NullMarked;
