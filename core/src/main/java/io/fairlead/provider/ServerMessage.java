package io.fairlead.provider;

/** The text of a server's error. */
public final class ServerMessage {
  private static final int MOST_CHARACTERS = 500;

  private ServerMessage() {}

  /** {@return a text without its final full stop, truncated if it is long, as a part of a message} */
  public static String quote(String text) {
    String whole = text.replaceFirst("[.:\\s]+$", "");
    return whole.length() <= MOST_CHARACTERS
        ? whole
        : whole.substring(0, MOST_CHARACTERS) + "... (" + whole.length() + " characters)";
  }
}
