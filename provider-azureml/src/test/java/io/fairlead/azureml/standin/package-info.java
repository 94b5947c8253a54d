/** A stand-in of Azure Resource Manager, Blob Storage and online endpoints, with their states and their errors. */
@NullMarked
package io.fairlead.azureml.standin;

import org.jspecify.annotations.NullMarked;
