/** The platform {@code sagemaker} from the inside: mapper, kinds of resources, clients. Not public API. */
@NullMarked
package io.fairlead.sagemaker.internal;

import org.jspecify.annotations.NullMarked;
