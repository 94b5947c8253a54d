/**
 * Fairlead in applications of Quarkus: platforms, endpoints and functions as beans, from the application's
 * configuration.
 *
 * <p>What is public here is for Quarkus; an application uses the beans.
 */
@NullMarked
package io.fairlead.quarkus.runtime;

import org.jspecify.annotations.NullMarked;
