/**
 * Models with state: caching and incremental updates, over any platform. Nothing is implemented here yet; the types
 * of the state are in the core ({@code StatefulPlatform}, {@code ModelState}), with their contract.
 */
@NullMarked
package io.fairlead.stateful;

import org.jspecify.annotations.NullMarked;
