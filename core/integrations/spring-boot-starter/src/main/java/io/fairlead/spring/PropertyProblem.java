package io.fairlead.spring;

/**
 * A mistake in the configuration of an application.
 *
 * @param property the property, such as {@code fairlead.endpoints.ask.min}
 * @param rule the rule that it breaks, worded to follow its name
 * @param value the value; empty if there is none, or it may be secret
 * @param origin the file and line, if known
 */
record PropertyProblem(String property, String rule, String value, String origin) {
  /** {@return the mistake as one sentence} */
  @Override
  public String toString() {
    return property + " " + rule
        + (value.isEmpty() ? "" : " (got " + value + ")")
        + (origin.isEmpty() ? "" : ", in " + origin);
  }
}
