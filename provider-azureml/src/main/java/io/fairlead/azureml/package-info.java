/**
 * The options of Azure Machine Learning: settings of the grammar that only this platform has.
 *
 * <p>This module has the options only. Its platform does not exist yet, so that {@code Platforms.open("azureml", ...)}
 * finds no provider; values with the options can be created, compared, and stored as JSON.
 */
@NullMarked
package io.fairlead.azureml;

import org.jspecify.annotations.NullMarked;
