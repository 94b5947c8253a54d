package io.fairlead.azureml.standin;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Text in XML. */
final class Xml {
  private Xml() {}

  static String escape(String text) {
    return text.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\"", "&quot;");
  }

  static String element(String name, Object value) {
    return "<" + name + ">" + escape(String.valueOf(value)) + "</" + name + ">";
  }

  /** {@return what the elements of these names hold, in order, if they hold text} */
  static List<String> texts(String xml, String names) {
    List<String> found = new ArrayList<>();
    Matcher matcher =
        Pattern.compile("<(?:" + names + ")>([^<]*)</(?:" + names + ")>").matcher(xml);
    while (matcher.find()) {
      found.add(matcher.group(1));
    }
    return found;
  }
}
