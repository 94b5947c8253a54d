/** A stand-in on loopback of Vertex AI and Cloud Storage, with their states and their errors. */
@NullMarked
package io.fairlead.vertex.standin;

import org.jspecify.annotations.NullMarked;
