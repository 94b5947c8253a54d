package io.fairlead.sagemaker.standin;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** What a request must satisfy: all that it breaks is said at once, as AWS says it. */
final class Constraints {
  private final List<String> broken = new ArrayList<>();

  /** Text of 1 to {@code max} characters that matches, whole, a pattern. */
  void text(
      JsonNode in, String at, String member, boolean required, int max, @Nullable Pattern pattern) {
    if (isMissing(in, at, member, required)) {
      return;
    }
    String value = in.get(member).asText();
    if (value.length() > max) {
      breaks(value, at, member, "Member must have length less than or equal to " + max);
    }
    if (pattern == null && value.isEmpty()) {
      breaks(value, at, member, "Member must have length greater than or equal to 1");
    }
    if (pattern != null && !pattern.matcher(value).matches()) {
      breaks(
          value,
          at,
          member,
          "Member must satisfy regular expression pattern: " + pattern.pattern());
    }
  }

  void number(JsonNode in, String at, String member, boolean required, double min, double max) {
    if (isMissing(in, at, member, required)) {
      return;
    }
    double value = in.get(member).asDouble();
    String text = in.get(member).asText();
    if (value < min) {
      breaks(text, at, member, "Member must have value greater than or equal to " + (long) min);
    }
    if (value > max) {
      breaks(text, at, member, "Member must have value less than or equal to " + (long) max);
    }
  }

  void oneOf(JsonNode in, String at, String member, boolean required, Collection<String> allowed) {
    if (isMissing(in, at, member, required)) {
      return;
    }
    String value = in.get(member).asText();
    if (!allowed.contains(value)) {
      breaks(value, at, member, "Member must satisfy enum value set: " + allowed);
    }
  }

  void list(JsonNode in, String at, String member, boolean required, int min, int max) {
    if (isMissing(in, at, member, required)) {
      return;
    }
    int size = in.get(member).size();
    if (size < min) {
      breaks("[]", at, member, "Member must have length greater than or equal to " + min);
    }
    if (size > max) {
      breaks(
          in.get(member).toString(),
          at,
          member,
          "Member must have length less than or equal to " + max);
    }
  }

  void present(JsonNode in, String at, String member) {
    isMissing(in, at, member, true);
  }

  private boolean isMissing(JsonNode in, String at, String member, boolean required) {
    if (in.hasNonNull(member)) {
      return false;
    }
    if (required) {
      broken.add("Value null at '" + at + lower(member)
          + "' failed to satisfy constraint: Member must not be null");
    }
    return true;
  }

  void breaks(String value, String at, String member, String constraint) {
    broken.add("Value '" + value + "' at '" + at + lower(member)
        + "' failed to satisfy constraint: " + constraint);
  }

  private static String lower(String member) {
    return Character.toLowerCase(member.charAt(0)) + member.substring(1);
  }

  void check() {
    if (!broken.isEmpty()) {
      throw AwsError.validation(broken.size() + " validation error"
          + (broken.size() == 1 ? "" : "s") + " detected: " + String.join("; ", broken));
    }
  }
}
