/**
 * Functions in this JVM or in processes that it starts.
 *
 * <p>Internal to this module; it may change at any time.
 */
@NullMarked
package io.fairlead.serverless.internal;

import org.jspecify.annotations.NullMarked;
