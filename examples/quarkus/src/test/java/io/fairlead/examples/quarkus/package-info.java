/** Tests that start the packaged service and talk to it. */
@NullMarked
package io.fairlead.examples.quarkus;

import org.jspecify.annotations.NullMarked;
