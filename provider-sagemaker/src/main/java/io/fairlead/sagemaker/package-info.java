/**
 * The grammar on Amazon SageMaker: {@link io.fairlead.sagemaker.SageMakerProvider} opens it, and the options say what
 * SageMaker alone knows.
 *
 * <p>A container is a SageMaker model, an endpoint is a production variant, and the public name is the endpoint that has the
 * variants.
 */
@NullMarked
package io.fairlead.sagemaker;

import org.jspecify.annotations.NullMarked;
