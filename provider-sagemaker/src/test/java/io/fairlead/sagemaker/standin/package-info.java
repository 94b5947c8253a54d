/** A stand-in on loopback of the services of AWS that the adapter calls, with their states and their errors. */
@NullMarked
package io.fairlead.sagemaker.standin;

import org.jspecify.annotations.NullMarked;
