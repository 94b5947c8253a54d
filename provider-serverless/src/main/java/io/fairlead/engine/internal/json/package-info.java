/**
 * JSON requests and responses, from and to tensors.
 *
 * <p>Internal to this module; it may change at any time.
 */
@NullMarked
package io.fairlead.engine.internal.json;

import org.jspecify.annotations.NullMarked;
