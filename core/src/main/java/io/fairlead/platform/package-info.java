/**
 * The API of platforms: an interface for each signature of the grammar, requests and responses, and {@link
 * io.fairlead.platform.Platforms} to open a platform.
 */
@NullMarked
package io.fairlead.platform;

import org.jspecify.annotations.NullMarked;
