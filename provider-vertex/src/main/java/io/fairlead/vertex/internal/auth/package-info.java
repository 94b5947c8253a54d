/**
 * The credentials of the environment.
 *
 * <p>Internal: no other module uses it, and it changes without notice.
 */
@NullMarked
package io.fairlead.vertex.internal.auth;

import org.jspecify.annotations.NullMarked;
