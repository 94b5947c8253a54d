/**
 * The platform {@code sagemaker}: endpoints on Amazon SageMaker. {@link io.fairlead.sagemaker.SageMakerProvider}
 * opens it; the options are settings that only SageMaker has.
 *
 * <p>A container is a SageMaker model, an endpoint is a production variant, and the public name is the name of the
 * SageMaker endpoint.
 */
@NullMarked
package io.fairlead.sagemaker;

import org.jspecify.annotations.NullMarked;
