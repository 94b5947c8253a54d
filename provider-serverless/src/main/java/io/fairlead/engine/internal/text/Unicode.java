package io.fairlead.engine.internal.text;

/** The check that a text has a form in UTF-8. */
public final class Unicode {
  /** What a request must hold. */
  public static final String RULE =
      "must hold whole characters, and no half of one (a surrogate without the other)";

  private Unicode() {}

  /** {@return whether each surrogate of a text is one of a pair} */
  public static boolean isWhole(String text) {
    for (int i = 0; i < text.length(); i++) {
      char unit = text.charAt(i);
      if (Character.isSurrogate(unit)) {
        boolean paired = Character.isHighSurrogate(unit)
            && i + 1 < text.length()
            && Character.isLowSurrogate(text.charAt(i + 1));
        if (!paired) {
          return false;
        }
        i++;
      }
    }
    return true;
  }
}
