package io.fairlead.examples;

import io.fairlead.provider.Durations;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * The parsed command line.
 *
 * @param file the file of the deployment
 * @param platform the id of the platform, where no file says it
 * @param settings the keys and values of {@code --set}
 * @param options the options without a value, such as {@code --preview}
 * @param olderThan the minimum age of what is swept
 * @param port the port at which a deployment of this process answers; 0 for any that is free
 */
record DeploymentsArguments(
    Command command,
    Optional<Path> file,
    Optional<String> platform,
    Map<String, String> settings,
    Set<String> options,
    Duration olderThan,
    int port) {
  static final String HELP = """
      usage: examples/run deploy FILE [--preview] [--port N] [--json]
             examples/run undeploy FILE [--all] [--preview] [--json]
             examples/run status FILE [--json]
             examples/run list FILE | --platform ID [--set key=value ...] [--json]
             examples/run sweep FILE | --platform ID [--set key=value ...] [--older-than 1h] [--preview] [--json]

        FILE             a file of YAML with one deployment: docs/deployment-file.md
        --preview        show what would be done, by read-only calls, and do nothing
        --all            all variants of the name, and not this one only
        --port N         on local, the port at which the deployment answers; by default any that is free
        --platform ID    the platform, where there is no file
        --set key=value  a setting of the platform, where there is no file
        --older-than 1h  the least age of what is swept; by default 1h
        --json           a JSON object on each line, the last of which is the result

      Exit codes: 0 done, 1 failed (status: not READY; preview: would be refused), 2 a mistake in the file or in the
      arguments, 130 after Ctrl-C.""";

  private static final Duration LEAST_AGE = Duration.ofHours(1);
  private static final int HIGHEST_PORT = 65_535;

  /** What is done. */
  enum Command {
    DEPLOY,
    UNDEPLOY,
    STATUS,
    LIST,
    SWEEP;

    /** {@return the options that only this command and some others have} */
    List<String> options() {
      return switch (this) {
        case DEPLOY -> List.of("--preview", "--port");
        case UNDEPLOY -> List.of("--all", "--preview");
        case STATUS -> List.of();
        case LIST -> List.of("--platform", "--set");
        case SWEEP -> List.of("--platform", "--set", "--older-than", "--preview");
      };
    }

    String word() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  boolean preview() {
    return options.contains("--preview");
  }

  boolean all() {
    return options.contains("--all");
  }

  boolean help() {
    return options.contains("--help");
  }

  /** Parses a command line; throws IllegalArgumentException if it is invalid. */
  static DeploymentsArguments of(List<String> arguments) {
    Command command = Arrays.stream(Command.values())
        .filter(each -> arguments.stream().findFirst().equals(Optional.of(each.word())))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException(
            "The first argument must be deploy, undeploy, status, list or sweep."));
    List<String> files = new ArrayList<>();
    Optional<String> platform = Optional.empty();
    Map<String, String> settings = new LinkedHashMap<>();
    Set<String> options = new TreeSet<>();
    Duration olderThan = LEAST_AGE;
    int port = 0;
    for (Iterator<String> rest = arguments.subList(1, arguments.size()).iterator();
        rest.hasNext(); ) {
      String argument = rest.next().replaceFirst("^-h$", "--help");
      if (argument.startsWith("-")) {
        check(command, argument);
      }
      switch (argument) {
        case "--platform" ->
          platform =
              Optional.of(LifecycleArguments.value(argument, "an id, such as sagemaker", rest));
        case "--set" ->
          LifecycleArguments.addSetting(
              LifecycleArguments.value(argument, "key=value", rest), settings);
        case "--older-than" ->
          olderThan = age(LifecycleArguments.value(argument, "a duration, such as 1h", rest));
        case "--port" ->
          port = port(LifecycleArguments.value(argument, "a number, such as 8080", rest));
        case "--preview", "--all", "--json", "--help" -> options.add(argument);
        default -> files.add(argument);
      }
    }
    boolean mayHaveNoFile = command.options().contains("--platform");
    if (!options.contains("--help")) {
      if (files.size() + (platform.isPresent() ? 1 : 0) != 1) {
        throw new IllegalArgumentException(command.word() + " needs one file"
            + (mayHaveNoFile ? ", or --platform ID" : "") + ": see examples/run "
            + command.word() + " --help.");
      }
      if (platform.isEmpty() && !settings.isEmpty()) {
        throw new IllegalArgumentException(
            "--set goes with --platform: with a file, the settings are in the file.");
      }
    }
    return new DeploymentsArguments(
        command,
        files.stream().findFirst().map(Path::of),
        platform,
        settings,
        options,
        olderThan,
        port);
  }

  private static void check(Command command, String option) {
    List<String> known = new ArrayList<>(command.options());
    known.addAll(List.of("--json", "--help"));
    if (!known.contains(option)) {
      throw new IllegalArgumentException("'" + option + "' is not an option of " + command.word()
          + ": it has " + String.join(", ", known) + ".");
    }
  }

  private static Duration age(String text) {
    try {
      return Durations.parse(text);
    } catch (IllegalArgumentException | DateTimeException | ArithmeticException e) {
      throw new IllegalArgumentException(
          "--older-than must be a duration, such as 30m, 1h or 2d, not '" + text + "'.", e);
    }
  }

  private static int port(String text) {
    try {
      int port = Integer.parseInt(text);
      if (port >= 0 && port <= HIGHEST_PORT) {
        return port;
      }
    } catch (NumberFormatException e) {
      // As any other that is none.
    }
    throw new IllegalArgumentException("--port must be 0 to 65535, not '" + text + "'.");
  }
}
