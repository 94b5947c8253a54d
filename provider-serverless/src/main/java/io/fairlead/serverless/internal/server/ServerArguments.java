package io.fairlead.serverless.internal.server;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The command line of the server.
 *
 * @param models the locations of models or of folders of models; empty for the container's
 * @param command whether the command {@code serve} was given, which SageMaker gives
 * @param host the address to listen at
 * @param port the port to listen at
 * @param openWithoutToken whether other machines may send requests without a token
 * @param eager whether models are loaded at the start; empty for one model only
 * @param memory the memory of one instance, such as {@code 2GB}
 * @param isolated whether each instance runs in a process of its own
 * @param defaultFunction the function for routes without a name
 * @param cache the cache folder
 * @param sendHubToken whether the token in {@code HF_TOKEN} is sent to the Hugging Face hub
 * @param help whether to print the usage
 */
record ServerArguments(
    List<String> models,
    boolean command,
    Optional<String> host,
    Optional<Integer> port,
    boolean openWithoutToken,
    Optional<Boolean> eager,
    Optional<String> memory,
    boolean isolated,
    Optional<String> defaultFunction,
    Optional<Path> cache,
    boolean sendHubToken,
    boolean help) {
  static final String HELP = """
      usage: java -jar fairlead-server.jar [serve] [MODEL ...] [options]

      Serves models over HTTP: the Open Inference Protocol (V2), and the routes of SageMaker and Vertex AI.

        MODEL                 a model's file, its folder, or a folder of models: each of its files and subfolders that
                              is a model is a function, named after it, and of the layout NAME/VERSION/FILE the latest
                              version. Also https://..., and hf://ORG/NAME[@REVISION][/FILE] of the Hugging Face hub
                              or of the mirror in the variable HF_ENDPOINT.
                              Without one: the model of the container, in AIP_STORAGE_URI or /opt/ml/model
        --port N              the port, by default 8080; 0 for any free one
        --host ADDRESS        the address to listen at, by default 127.0.0.1. Other machines need the token in the
                              variable FAIRLEAD_TOKEN (16 or more characters), as: Authorization: Bearer TOKEN
        --open-without-token  lets all machines in without a token, for an isolated network
        --default NAME        the function for /invocations and AIP_PREDICT_ROUTE, if there are several
        --memory SIZE         the memory of one instance, such as 2GB
        --eager, --lazy       load models at the start, or with their first request; by default eager for one model
        --isolated            run each instance in a process of its own
        --cache FOLDER        the folder for native libraries and fetched models, by default ~/.cache/fairlead
        --hf-token            send the token in the variable HF_TOKEN to the Hugging Face hub
        --help                this text

      In a container of SageMaker (the command is 'serve' alone) it listens at 0.0.0.0:8080, and of Vertex AI (the
      variable AIP_HTTP_PORT is set) at that port and at AIP_HEALTH_ROUTE and AIP_PREDICT_ROUTE, for all machines.
      It ends with 0 after SIGTERM, when the requests in progress are answered; with 1 if the models cannot be
      served, and with 2 if an argument is wrong.""";

  private static final Set<String> WITH_VALUE =
      Set.of("--port", "--host", "--default", "--memory", "--cache");
  private static final Set<String> WITHOUT_VALUE = Set.of(
      "--open-without-token", "--eager", "--lazy", "--isolated", "--hf-token", "--help", "-h");

  ServerArguments {
    models = List.copyOf(models);
  }

  /**
   * {@return the parsed command line}
   *
   * @throws WrongArgumentException if an option is unknown, lacks its value, or is given twice
   */
  static ServerArguments of(List<String> arguments) throws WrongArgumentException {
    List<String> models = new ArrayList<>();
    TreeMap<String, String> options = new TreeMap<>();
    boolean command = !arguments.isEmpty() && arguments.get(0).equals("serve");
    for (int i = command ? 1 : 0; i < arguments.size(); i++) {
      String argument = arguments.get(i);
      if (!argument.startsWith("-")) {
        models.add(argument);
        continue;
      }
      int equals = argument.indexOf('=');
      String name = equals < 0 ? argument : argument.substring(0, equals);
      String value = "";
      if (WITH_VALUE.contains(name)) {
        if (equals < 0 && i + 1 == arguments.size()) {
          throw new WrongArgumentException(name + " needs a value after it.");
        }
        value = equals < 0 ? arguments.get(++i) : argument.substring(equals + 1);
      } else if (!WITHOUT_VALUE.contains(name) || equals >= 0) {
        throw new WrongArgumentException("There is no option " + argument + ": --help lists them.");
      }
      if (options.put(name, value) != null) {
        throw new WrongArgumentException(name + " is given twice.");
      }
    }
    if (options.containsKey("--eager") && options.containsKey("--lazy")) {
      throw new WrongArgumentException("--eager and --lazy exclude each other: give one of them.");
    }
    return new ServerArguments(
        models,
        command,
        Optional.ofNullable(options.get("--host")),
        port(options.get("--port"), "--port"),
        options.containsKey("--open-without-token"),
        options.containsKey("--eager")
            ? Optional.of(true)
            : options.containsKey("--lazy") ? Optional.of(false) : Optional.empty(),
        Optional.ofNullable(options.get("--memory")),
        options.containsKey("--isolated"),
        Optional.ofNullable(options.get("--default")),
        Optional.ofNullable(options.get("--cache")).map(Path::of),
        options.containsKey("--hf-token"),
        options.containsKey("--help") || options.containsKey("-h"));
  }

  static Optional<Integer> port(@Nullable String text, String name) throws WrongArgumentException {
    if (text == null) {
      return Optional.empty();
    }
    if (!text.matches("\\d{1,5}") || Integer.parseInt(text) > 65535) {
      throw new WrongArgumentException(
          name + " is '" + text + "': it must be a number from 0 to 65535.");
    }
    return Optional.of(Integer.valueOf(text));
  }
}
