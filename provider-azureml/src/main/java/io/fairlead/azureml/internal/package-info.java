/**
 * The platform on Azure Machine Learning: its mapping, its kinds of resources, and how it is put together.
 *
 * <p>Internal: no other module uses it, and it changes without notice.
 */
@NullMarked
package io.fairlead.azureml.internal;

import org.jspecify.annotations.NullMarked;
