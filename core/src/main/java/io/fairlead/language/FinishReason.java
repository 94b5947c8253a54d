package io.fairlead.language;

import java.util.Locale;

/** Why a model ended its text. */
public enum FinishReason {
  /** It was complete, or one of the request's stop texts came. */
  STOP,
  /** The request's or the model's most tokens were reached: the text is cut off. */
  LENGTH,
  /** A filter withheld the rest. */
  CONTENT_FILTER,
  /** It asks for a call of a tool, which this package does not pass on. */
  TOOL_CALLS,
  /** The container named none, or another one. */
  OTHER;

  /** {@return its name in JSON, such as {@code stop}} */
  String id() {
    return name().toLowerCase(Locale.ROOT);
  }

  static FinishReason of(String id) {
    for (FinishReason reason : values()) {
      if (reason.id().equals(id)) {
        return reason;
      }
    }
    return OTHER;
  }
}
