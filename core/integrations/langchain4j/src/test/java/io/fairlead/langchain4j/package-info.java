@NullMarked
package io.fairlead.langchain4j;

import org.jspecify.annotations.NullMarked;
