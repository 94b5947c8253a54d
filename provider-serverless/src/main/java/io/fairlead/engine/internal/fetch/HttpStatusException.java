package io.fairlead.engine.internal.fetch;

import java.io.IOException;

/** An HTTP answer without the content that was asked for. */
public final class HttpStatusException extends IOException {
  private static final long serialVersionUID = 1;

  private final int status;
  private final String code;

  HttpStatusException(int status, String code, String message) {
    super(message);
    this.status = status;
    this.code = code;
  }

  public int status() {
    return status;
  }

  /** {@return the server's own code of the error, such as {@code GatedRepo}; empty if it gave none} */
  public String code() {
    return code;
  }
}
