/** LangChain4j's HTTP client over a platform, so that its models of OpenAI's protocol ask a deployed model. */
@NullMarked
package io.fairlead.langchain4j;

import org.jspecify.annotations.NullMarked;
