package io.fairlead.serverless.internal.server;

/** An argument, or a variable of the environment, that the server cannot start with; the message is for its user. */
final class WrongArgumentException extends Exception {
  private static final long serialVersionUID = 1;

  WrongArgumentException(String message) {
    super(message);
  }
}
