package io.fairlead.config;

/** The type of a property, with the rule that its text has to keep. */
public enum PropertyType {
  /** A text. */
  TEXT("must be a text"),
  /** A whole number. */
  INTEGER("must be a whole number"),
  /** {@code true} or {@code false}. */
  FLAG("must be true or false"),
  /** A time with its unit. */
  DURATION("must be a duration, such as 500ms, 30s, 10m or 2h"),
  /** A size in bytes with its unit, of 1,024 each. */
  SIZE("must be a size, such as 512MB or 2GB"),
  /** One of several names. */
  NAME("must be one of "),
  /** A list of texts. */
  TEXTS("must be a list"),
  /** Texts by names of the user's own. */
  MAP("must have names and values below it, and no value of its own"),
  /** What one platform alone has: its options by the platform's id and the option's name. */
  OPTIONS("must have the ids of platforms below it, and no value of its own"),
  /** Properties of its own. */
  GROUP("must have properties below it, and no value of its own");

  private final String rule;

  PropertyType(String rule) {
    this.rule = rule;
  }

  /** {@return the rule, worded to follow the property's name} */
  public String rule() {
    return rule;
  }
}
