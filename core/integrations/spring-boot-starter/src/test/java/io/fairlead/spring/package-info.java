@NullMarked
package io.fairlead.spring;

import org.jspecify.annotations.NullMarked;
