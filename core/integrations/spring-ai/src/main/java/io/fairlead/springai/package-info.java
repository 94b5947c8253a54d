/** The HTTP client of OpenAI's library over a platform, so that Spring AI's models ask a deployed model. */
@NullMarked
package io.fairlead.springai;

import org.jspecify.annotations.NullMarked;
