/**
 * What users call: a platform for each signature of the grammar, and {@link io.fairlead.platform.Platforms} to open
 * one.
 */
@NullMarked
package io.fairlead.platform;

import org.jspecify.annotations.NullMarked;
