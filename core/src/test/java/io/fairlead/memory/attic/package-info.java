/** The provider of {@code docs/writing-a-provider.md}, and the pretend cloud that it is for. */
@NullMarked
package io.fairlead.memory.attic;

import org.jspecify.annotations.NullMarked;
