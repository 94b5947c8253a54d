/**
 * Platforms in memory, which show that the contracts of functions and of stateful containers can be kept, and the
 * provider that the guide for authors of providers is about.
 */
@NullMarked
package io.fairlead.memory;

import org.jspecify.annotations.NullMarked;
