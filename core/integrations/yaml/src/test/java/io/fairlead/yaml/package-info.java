@NullMarked
package io.fairlead.yaml;

import org.jspecify.annotations.NullMarked;
