/**
 * The endpoints of this JVM as resources that core reconciles.
 *
 * <p>Internal to this module; it may change at any time.
 */
@NullMarked
package io.fairlead.local.internal;

import org.jspecify.annotations.NullMarked;
