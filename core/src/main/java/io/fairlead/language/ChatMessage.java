package io.fairlead.language;

import static java.util.Objects.requireNonNull;

import java.util.Locale;

/**
 * A message of a chat.
 *
 * @param role whose it is
 * @param content its text, which does not appear in {@link #toString()}
 */
public record ChatMessage(Role role, String content) {
  /** Whose a message is. */
  public enum Role {
    /** The application, which says how to answer; OpenAI's newer name for it is {@code developer}. */
    SYSTEM,
    /** The person or program that asks. */
    USER,
    /** The model. */
    ASSISTANT,
    /** A tool that the model has called. */
    TOOL;

    /** {@return its name in JSON, such as {@code user}} */
    String id() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  public ChatMessage {
    requireNonNull(role, "role");
    requireNonNull(content, "content");
  }

  public static ChatMessage system(String content) {
    return new ChatMessage(Role.SYSTEM, content);
  }

  public static ChatMessage user(String content) {
    return new ChatMessage(Role.USER, content);
  }

  public static ChatMessage assistant(String content) {
    return new ChatMessage(Role.ASSISTANT, content);
  }

  @Override
  public String toString() {
    return "ChatMessage[" + role.id() + ", " + content.length() + " characters]";
  }
}
