package io.fairlead.engine.internal.support;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.regex.Pattern;

/** The rules for names of files that come out of a file, such as an archive or a model. */
public final class FileNames {
  private static final int LONGEST_NAME = 1_000;
  private static final int LONGEST_PART = 250;
  private static final int LONGEST_SHOWN = 100;
  private static final Pattern RESERVED =
      Pattern.compile("(?i)(con|prn|aux|nul|com\\d|lpt\\d)(\\..*)?");

  private FileNames() {}

  /** {@return whether all file systems take a name as that of one file or folder} */
  public static boolean isPortable(String part) {
    return part.getBytes(UTF_8).length <= LONGEST_PART
        && part.codePoints()
            .noneMatch(c -> Character.isISOControl(c) || "<>\"|?*:\\/".indexOf(c) >= 0)
        && !part.isEmpty()
        && !part.endsWith(".")
        && !part.endsWith(" ")
        && !RESERVED.matcher(part).matches();
  }

  /** {@return why a name is no path inside of a folder on all file systems, as "which ..."; empty if it is one} */
  public static String fault(String name) {
    if (name.isEmpty()) {
      return "which is no name";
    }
    if (name.startsWith("/") || name.startsWith("\\") || name.matches("(?s)[A-Za-z]:.*")) {
      return "which is an absolute path";
    }
    if (name.indexOf('\\') >= 0) {
      return "which has a backslash";
    }
    boolean portable = name.length() <= LONGEST_NAME && !name.endsWith(".");
    for (String part : name.split("/", -1)) {
      if (part.equals("..")) {
        return "which leads out of the model's folder";
      }
      portable &= part.equals(".") || isPortable(part);
    }
    return portable ? "" : "which is no name that all file systems take";
  }

  /** {@return a name for a message, cut and without control characters} */
  public static String shown(String name) {
    String cut = name.length() > LONGEST_SHOWN ? name.substring(0, LONGEST_SHOWN) + "..." : name;
    return cut.replaceAll("\\p{Cntrl}", "?");
  }
}
