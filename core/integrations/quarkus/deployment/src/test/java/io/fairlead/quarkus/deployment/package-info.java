/** Tests with applications that are built and started in this JVM. */
@NullMarked
package io.fairlead.quarkus.deployment;

import org.jspecify.annotations.NullMarked;
