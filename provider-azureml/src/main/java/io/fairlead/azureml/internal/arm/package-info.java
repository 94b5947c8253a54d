/**
 * The calls to Azure Resource Manager, by azure-core's pipeline, behind one interface: {@link
 * io.fairlead.azureml.internal.arm.Workspace}.
 *
 * <p>Internal: no other module uses it, and it changes without notice.
 */
@NullMarked
package io.fairlead.azureml.internal.arm;

import org.jspecify.annotations.NullMarked;
