package io.fairlead.engine.internal.text;

import java.util.Optional;

/** A model that may take texts. */
public interface TextModel {
  /** {@return what becomes of its texts; empty if it takes none} */
  Optional<TextDescription> text();
}
