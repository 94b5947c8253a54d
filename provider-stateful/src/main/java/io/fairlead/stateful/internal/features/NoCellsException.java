package io.fairlead.stateful.internal.features;

import java.io.Serial;

/** The reason why a model has no cells that are known, as a sentence for the user. */
public final class NoCellsException extends Exception {
  @Serial
  private static final long serialVersionUID = 1L;

  NoCellsException(String message) {
    super(message);
  }
}
