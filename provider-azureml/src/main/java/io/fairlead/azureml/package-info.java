/**
 * Azure Machine Learning: managed online endpoints, and the settings that only this platform has.
 *
 * <p>{@link io.fairlead.azureml.AzureMlProvider} opens the platform, by {@link io.fairlead.azureml.AzureMlConfig} or by
 * settings as text. All other types are options of the grammar's values: {@link io.fairlead.azureml.AzureMlArtifact} of a
 * model, {@link io.fairlead.azureml.AzureMlRuntime} and {@link io.fairlead.azureml.AzureMlContainer} of a runtime, {@link
 * io.fairlead.azureml.AzureMlDependencies} of dependencies, {@link io.fairlead.azureml.AzureMlScaling} and {@link
 * io.fairlead.azureml.AzureMlAutoscaling} of the scaling, {@link io.fairlead.azureml.AzureMlEndpoint} and {@link
 * io.fairlead.azureml.AzureMlRouting} of the routing, {@link io.fairlead.azureml.AzureMlRequest} of a request.
 */
@NullMarked
package io.fairlead.azureml;

import org.jspecify.annotations.NullMarked;
