/**
 * Models served with state: caching and incremental update, over any platform. Nothing of it is here yet; the types that
 * it will serve are in the core ({@code StatefulPlatform}, {@code ModelState}), with their contract.
 */
@NullMarked
package io.fairlead.stateful;

import org.jspecify.annotations.NullMarked;
