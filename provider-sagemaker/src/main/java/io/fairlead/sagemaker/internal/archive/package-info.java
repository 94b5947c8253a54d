/** The archives that SageMaker loads models from. Not public API. */
@NullMarked
package io.fairlead.sagemaker.internal.archive;

import org.jspecify.annotations.NullMarked;
