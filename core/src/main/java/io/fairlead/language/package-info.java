/** Language models: a typed call for prompts and texts, in the JSON that OpenAI-compatible servers speak. */
@NullMarked
package io.fairlead.language;

import org.jspecify.annotations.NullMarked;
