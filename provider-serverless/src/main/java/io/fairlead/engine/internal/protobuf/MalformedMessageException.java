package io.fairlead.engine.internal.protobuf;

import java.io.IOException;

/** The failure of bytes that are no protobuf message of the expected kind; its message ends a sentence. */
public final class MalformedMessageException extends IOException {
  private static final long serialVersionUID = 1;

  MalformedMessageException(String message) {
    super(message);
  }
}
