package io.fairlead.vertex.internal.values;

import com.google.cloud.aiplatform.v1.Model;
import io.fairlead.provider.ContentName;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The description of a model's version, with the hash of its content and the run that uploaded it.
 *
 * @param content the hash of its content
 * @param run the run that uploaded it
 */
public record VersionDescription(String content, String run) {
  private static final Pattern DESCRIPTION = Pattern.compile("fairlead ([0-9a-f]{16}) (\\S+)");
  private static final Pattern ALIAS = Pattern.compile(ContentName.PREFIX + "[0-9a-f]{16}");

  /** {@return the text of the description} */
  public String description() {
    return "fairlead " + content + " " + run;
  }

  /** {@return the parsed description of a version; empty if it is foreign} */
  public static Optional<VersionDescription> of(Model version) {
    Matcher matcher = DESCRIPTION.matcher(version.getVersionDescription());
    return matcher.matches()
        ? Optional.of(new VersionDescription(matcher.group(1), matcher.group(2)))
        : Optional.empty();
  }

  /** {@return the alias of a version of this content} */
  public static String alias(String content) {
    return ContentName.PREFIX + content;
  }

  /** {@return whether an alias is the hash of a content} */
  public static boolean isContent(String alias) {
    return ALIAS.matcher(alias).matches();
  }
}
