/** What Fairlead does when an application of Quarkus is built. */
@NullMarked
package io.fairlead.quarkus.deployment;

import org.jspecify.annotations.NullMarked;
