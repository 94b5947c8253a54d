/**
 * Ensembles of trees: XGBoost and LightGBM.
 *
 * <p>Internal to this module; it may change at any time.
 */
@NullMarked
package io.fairlead.engine.internal.trees;

import org.jspecify.annotations.NullMarked;
