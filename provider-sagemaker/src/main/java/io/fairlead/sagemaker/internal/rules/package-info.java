/** AWS's rules, which the public values and the mapping check. Not public API. */
@NullMarked
package io.fairlead.sagemaker.internal.rules;

import org.jspecify.annotations.NullMarked;
