package io.fairlead.examples;

import io.fairlead.platform.PlatformCheck;
import io.fairlead.platform.Platforms;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * Whether platforms can be used from here: their modules, settings and credentials, and whether they answer.
 *
 * <p>{@code examples/run check [ID] [--set key=value ...]}
 */
public final class Check {
  static final String HELP = """
      usage: examples/run check [ID] [--set key=value ...]

        ID               the platform, such as sagemaker, which is downloaded then; by default all that are there
        --set key=value  a setting of the platform: docs/ has a page for each

      Asks the platform nothing but whether it answers, for at most 30 seconds, and changes nothing. Ends with 0 if the
      platform can be used, with 1 if not, and with 2 if the command line is wrong.""";

  private static final List<String> OF_THIS_PROJECT =
      List.of("local", "serverless", "stateful", "sagemaker", "vertex", "azureml");

  private Check() {}

  /** Runs the example; exits with 0 if the platforms can be used, 1 if not, 2 if the command line is wrong. */
  public static void main(String[] args) {
    // As in simplelogger.properties: below this level a cloud's SDK logs details of the machine.
    Logger.getLogger("").setLevel(Level.WARNING);
    System.exit(run(List.of(args), Terminal.standardOutput(), Terminal.standardError()));
  }

  static int run(List<String> arguments, Terminal out, Terminal err) {
    String id = "";
    Map<String, String> settings = new LinkedHashMap<>();
    for (int i = 0; i < arguments.size(); i++) {
      String argument = arguments.get(i);
      if (argument.equals("--help") || argument.equals("-h")) {
        HELP.lines().forEach(out::line);
        return 0;
      }
      if (argument.equals("--set") && i + 1 < arguments.size()) {
        String setting = arguments.get(++i);
        int equals = setting.indexOf('=');
        if (equals < 1) {
          return wrong("--set needs key=value after it, not '" + setting + "'.", err);
        }
        if (settings.put(setting.substring(0, equals), setting.substring(equals + 1)) != null) {
          return wrong("--set " + setting.substring(0, equals) + " is given twice.", err);
        }
      } else if (argument.startsWith("-") || !id.isEmpty()) {
        return wrong("'" + argument + "' is not an option of check: it has --set and --help.", err);
      } else {
        id = argument;
      }
    }
    if (id.isEmpty() && !settings.isEmpty()) {
      return wrong("--set needs the id of the platform before it, such as sagemaker.", err);
    }
    return id.isEmpty()
        ? all(Platforms.types().keySet(), out)
        : one(Platforms.check(id, settings), out);
  }

  private static int wrong(String problem, Terminal err) {
    err.line(problem);
    HELP.lines().limit(1).forEach(err::line);
    return 2;
  }

  private static int one(PlatformCheck check, Terminal out) {
    check.toString().lines().forEach(out::line);
    return check.ok() ? 0 : 1;
  }

  /** Those whose modules are not here are only named: to have them or not is a choice. */
  static int all(Set<String> here, Terminal out) {
    Set<String> ids = new LinkedHashSet<>(OF_THIS_PROJECT);
    ids.addAll(here);
    int status = 0;
    for (String id : ids) {
      if (here.contains(id)) {
        status = Math.max(
            status,
            one(
                Platforms.check(id, id.equals("stateful") ? Map.of("over", "local") : Map.of()),
                out));
      } else {
        out.line(id + ": its module is not here; examples/run check " + id + " has it");
      }
    }
    return status;
  }
}
