package io.fairlead.examples;

import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The parsed command line.
 *
 * @param platform the platform's id
 * @param settings the keys and values of {@code --set}
 * @param help whether {@code --help} is given
 */
record LifecycleArguments(String platform, Map<String, String> settings, boolean help) {
  static final String HELP = """
      usage: examples/run lifecycle [--platform ID] [--set key=value ...] [--json]

        --platform ID    the platform, by default local
        --set key=value  a setting of this program, from below, or of the platform
        --json           one JSON document on standard output, progress on standard error

      Settings of this program:
        artifact       the location of the model; by default on local a model that echoes, and on a cloud a small one
                       of Hugging Face's hub, which an image with its own model ignores
        image          the container image; not used on local; on sagemaker AWS's own if there is a framework, and on
                       azureml that of the model if it is of Hugging Face's hub
        instance-type  the instance type; by default a small one of the platform
        name           the endpoint's name; by default a new one each time
        framework      the framework of the model, such as huggingface
        version        the framework's version
        payload        the body of the requests; by default {"inputs":"hello"}, and on vertex {"instances":["hello"]}
        content-type   the type of the payload; by default application/json
        invocations    the number of requests at each traffic split; by default 100
        pinned         whether to invoke each variant by itself as well; by default true, on vertex false
        timeout        the timeout of each operation; by default 30m

      All other settings are the platform's own, such as region: docs/ has a page for each platform.""";

  LifecycleArguments {
    settings = Map.copyOf(settings);
  }

  /** Parses a command line; throws IllegalArgumentException if it is invalid. */
  static LifecycleArguments of(List<String> arguments) {
    String platform = "local";
    Map<String, String> settings = new LinkedHashMap<>();
    boolean help = false;
    for (Iterator<String> rest = arguments.iterator(); rest.hasNext(); ) {
      String argument = rest.next();
      switch (argument) {
        case "--platform" -> platform = value(argument, "an id, such as local", rest);
        case "--set" -> addSetting(value(argument, "key=value", rest), settings);
        case "--json" -> {}
        case "--help", "-h" -> help = true;
        default ->
          throw new IllegalArgumentException("'" + argument
              + "' is not an option of lifecycle: it has --platform, --set, --json and --help.");
      }
    }
    return new LifecycleArguments(platform, settings, help);
  }

  static String value(String option, String what, Iterator<String> rest) {
    if (!rest.hasNext()) {
      throw new IllegalArgumentException(option + " needs " + what + " after it.");
    }
    return rest.next();
  }

  static void addSetting(String text, Map<String, String> settings) {
    int equals = text.indexOf('=');
    if (equals < 1) {
      throw new IllegalArgumentException("--set needs key=value after it, not '" + text + "'.");
    }
    String key = text.substring(0, equals);
    if (settings.put(key, text.substring(equals + 1)) != null) {
      throw new IllegalArgumentException("--set " + key + " is given twice.");
    }
  }
}
