/**
 * Fairlead in applications of Spring Boot: platforms, endpoints and functions as beans, from the application's
 * configuration.
 */
@NullMarked
package io.fairlead.spring;

import org.jspecify.annotations.NullMarked;
