/** AWS's rules that both the public values and what is behind them check. Not public API. */
@NullMarked
package io.fairlead.sagemaker.internal.rules;

import org.jspecify.annotations.NullMarked;
