@NullMarked
package io.fairlead.springai;

import org.jspecify.annotations.NullMarked;
