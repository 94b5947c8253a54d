/** Where credentials and the region come from, and what is said where there are none. Not public API. */
@NullMarked
package io.fairlead.sagemaker.internal.credentials;

import org.jspecify.annotations.NullMarked;
