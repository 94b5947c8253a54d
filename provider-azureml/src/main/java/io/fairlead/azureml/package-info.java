/**
 * The platform {@code azureml}: managed online endpoints on Azure Machine Learning. The options are settings that only
 * Azure ML has.
 *
 * <p>{@link io.fairlead.azureml.AzureMlProvider} opens it. The package {@code io.fairlead.azureml.internal} is not part
 * of the API, and changes without notice.
 */
@NullMarked
package io.fairlead.azureml;

import org.jspecify.annotations.NullMarked;
