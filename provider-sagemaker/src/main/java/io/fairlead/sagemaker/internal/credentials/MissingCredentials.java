package io.fairlead.sagemaker.internal.credentials;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Why the SDK's default credentials chain found nothing, source by source.
 *
 * <p>The SDK says it in one line of more than a thousand characters, whose first third lists class names.
 */
public final class MissingCredentials {
  private static final String BEGINNING = "Unable to load credentials from any of the providers";
  /** Its values may have parentheses, too: a profile provider has those of its file, and these of their profiles. */
  private static final Pattern SOURCE = Pattern.compile(
      "(?:[\\[:] |, |\\[)(\\w+CredentialsProvider)\\((?:[^()]|\\((?:[^()]|\\((?:[^()]|\\([^()]*\\))*\\))*\\))*\\): ");

  private static final String WAYS_OUT =
      ". Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, run 'aws configure' or 'aws sso login', name a profile in"
          + " the settings, give the pod, task or instance a role, or use SageMakerConfig.withCredentials";

  private MissingCredentials() {}

  /** {@return whether a message of the SDK is about its whole chain} */
  public static boolean isOfChain(String message) {
    return message.startsWith(BEGINNING);
  }

  /** {@return a reason with a clause for each source, and the ways out} */
  public static String reason(String message) {
    List<String> clauses = new ArrayList<>();
    Matcher source = SOURCE.matcher(message);
    boolean found = source.find();
    while (found) {
      String name = source.group(1);
      int from = source.end();
      found = source.find();
      String why = message.substring(from, found ? source.start() : message.length());
      clauses.add(readable(name) + ": " + withoutEnd(why));
    }
    return clauses.isEmpty()
        ? message
        : "no source of the default chain has credentials: " + String.join("; ", clauses)
            + WAYS_OUT;
  }

  private static String withoutEnd(String why) {
    return why.strip().replaceFirst("[\\].,]+$", "");
  }

  private static String readable(String provider) {
    return switch (provider) {
      case "SystemPropertyCredentialsProvider" -> "system properties";
      case "EnvironmentVariableCredentialsProvider" -> "environment";
      case "WebIdentityTokenCredentialsProvider", "WebIdentityTokenFileCredentialsProvider" ->
        "web identity";
      case "ProfileCredentialsProvider" -> "profile";
      case "ContainerCredentialsProvider" -> "container";
      case "InstanceProfileCredentialsProvider" -> "instance";
      default -> provider;
    };
  }
}
