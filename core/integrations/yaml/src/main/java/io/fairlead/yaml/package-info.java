/** Configurations in files of YAML, read strictly: each part with its line, each scalar as the text that is written. */
@NullMarked
package io.fairlead.yaml;

import org.jspecify.annotations.NullMarked;
