/** Images, the servers in them, and the variables that these read. Not public API. */
@NullMarked
package io.fairlead.sagemaker.internal.images;

import org.jspecify.annotations.NullMarked;
