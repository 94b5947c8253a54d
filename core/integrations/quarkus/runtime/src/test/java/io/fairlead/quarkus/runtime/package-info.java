/** Tests of how a configuration is read and its platforms are opened. */
@NullMarked
package io.fairlead.quarkus.runtime;

import org.jspecify.annotations.NullMarked;
