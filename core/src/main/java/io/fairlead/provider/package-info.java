/**
 * The toolbox for authors of providers: what every provider needs beside its resources and its mapper.
 *
 * <p>What two providers would write alike is here, once, with its tests. It knows no vendor: what differs between
 * platforms is an argument. It uses nothing but Java and the grammar.
 */
@NullMarked
package io.fairlead.provider;

import org.jspecify.annotations.NullMarked;
