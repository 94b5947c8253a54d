package io.fairlead.sagemaker.internal.rules;

import java.util.regex.Pattern;

/** AWS's rules for the headers of an invocation, each of which may be empty. */
public final class RequestRules {
  public static final String NAME_RULE =
      "must be at most 63 letters, digits and hyphens that begin and end with a letter or digit";
  public static final String INFERENCE_ID_RULE = "must be at most 64 printable ASCII characters";
  public static final String HEADER_RULE = "must be at most 1024 printable ASCII characters";

  private static final Pattern NAME = Pattern.compile("[a-zA-Z0-9](-*[a-zA-Z0-9])*");
  private static final int LONGEST_NAME = 63;
  private static final int LONGEST_INFERENCE_ID = 64;
  private static final int LONGEST_HEADER = 1024;

  private RequestRules() {}

  /** {@return whether a text may be the name of a variant or a container} */
  public static boolean isResourceName(String text) {
    return isName(text, LONGEST_NAME);
  }

  public static boolean isInferenceId(String text) {
    return isLine(text, LONGEST_INFERENCE_ID);
  }

  /** {@return whether a text is a valid header of up to 1024 characters} */
  public static boolean isHeader(String text) {
    return isLine(text, LONGEST_HEADER);
  }

  /** {@return whether a text is empty, or has letters, digits and hyphens, with a letter or digit at both ends} */
  public static boolean isName(String text, int longest) {
    return text.isEmpty() || (text.length() <= longest && NAME.matcher(text).matches());
  }

  private static boolean isLine(String text, int longest) {
    if (text.length() > longest || text.startsWith(" ")) {
      return false;
    }
    for (int i = 0; i < text.length(); i++) {
      if (text.charAt(i) < ' ' || text.charAt(i) > '~') {
        return false;
      }
    }
    return true;
  }
}
