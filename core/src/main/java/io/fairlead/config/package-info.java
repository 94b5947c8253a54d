/**
 * Platforms, endpoints and functions that a configuration declares, whatever it is written in: read strictly, opened,
 * deployed, and looked after.
 *
 * <p>What an application's framework, or a file's format, adds is a tree of {@link io.fairlead.config.ConfigNode}. The
 * properties are in {@link io.fairlead.config.ConfigSchema}, and nowhere else.
 */
@NullMarked
package io.fairlead.config;

import org.jspecify.annotations.NullMarked;
