/**
 * What Azure Machine Learning alone knows of a model, as options of the grammar.
 *
 * <p>This module has the options only. Its platform is not ready yet, so that {@code Platforms.open("azureml", ...)}
 * finds no provider; values that carry the options can be made, compared, and stored as JSON.
 */
@NullMarked
package io.fairlead.azureml;

import org.jspecify.annotations.NullMarked;
