package io.fairlead.serverless.internal.server;

import io.fairlead.engine.HttpFetcher;
import io.fairlead.engine.HuggingFaceFetcher;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.ColdStart;
import io.fairlead.grammar.FunctionLimits;
import io.fairlead.grammar.InvalidValueException;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.ModelFunction;
import io.fairlead.grammar.Redacted;
import io.fairlead.operation.Operation;
import io.fairlead.provider.Loopback;
import io.fairlead.serverless.HttpSettings;
import io.fairlead.serverless.Isolation;
import io.fairlead.serverless.ServerlessConfig;
import io.fairlead.serverless.ServerlessOptions;
import io.fairlead.serverless.ServerlessPlatform;
import io.fairlead.serverless.ServerlessProvider;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The program that serves models over HTTP: from files, and as a container of SageMaker and Vertex AI.
 *
 * <p>{@code java -jar fairlead-server.jar MODEL}; {@code --help} lists the options.
 */
public final class ServerMain {
  private static final int FAILED = 1;
  private static final int WRONG_ARGUMENT = 2;
  private static final int DEFAULT_PORT = 8080;
  private static final int MOST_NAMES = 10;
  private static final Duration LIMIT = Duration.ofMinutes(30);
  private static final String SAGEMAKER_MODEL = "/opt/ml/model";
  private static final String SAGEMAKER_MODEL_FOLDER = "SM_MODEL_DIR";
  private static final String SAGEMAKER_PORT = "SAGEMAKER_BIND_TO_PORT";
  private static final String VERTEX_PORT = "AIP_HTTP_PORT";
  private static final String VERTEX_MODEL = "AIP_STORAGE_URI";
  private static final Set<String> FETCHED = Set.of("https", "hf", "gs");
  private static final String TOKEN = "FAIRLEAD_TOKEN";
  private static final String HUB_TOKEN = "HF_TOKEN";
  private static final String HUB_ENDPOINT = "HF_ENDPOINT";

  private final ServerArguments arguments;
  private final Map<String, String> environment;
  private final AtomicReference<@Nullable ServerlessPlatform> open = new AtomicReference<>();

  private ServerMain(ServerArguments arguments, Map<String, String> environment) {
    this.arguments = arguments;
    this.environment = environment;
  }

  /** Serves until the process is told to end. */
  public static void main(String[] args) throws InterruptedException {
    try {
      ServerArguments arguments = ServerArguments.of(List.of(args));
      if (arguments.help()) {
        System.out.println(ServerArguments.HELP);
        return;
      }
      List<String> failures = new ServerMain(arguments, System.getenv()).start();
      if (!failures.isEmpty()) {
        exit(FAILED, failures);
      }
    } catch (WrongArgumentException | InvalidValueException e) {
      exit(WRONG_ARGUMENT, List.of(String.valueOf(e.getMessage())));
    } catch (ServingException e) {
      exit(FAILED, List.of(String.valueOf(e.getMessage())));
    }
    new CountDownLatch(1).await(); // the platform's threads are daemons
  }

  private static void exit(int code, List<String> messages) {
    messages.forEach(message -> System.err.println("fairlead-server: " + message));
    System.exit(code);
  }

  /** Starts to serve, and returns why models cannot be served. */
  private List<String> start() throws WrongArgumentException {
    List<NamedModel> models = models();
    ServerlessConfig config = config();
    boolean eager = arguments.eager().orElse(models.size() == 1);
    FunctionLimits limits = limits(eager ? ColdStart.EAGER : ColdStart.LAZY);
    // Before it listens: a process that is told to end while it loads a model ends as well.
    Runtime.getRuntime().addShutdownHook(new Thread(this::end, "fairlead-server-end"));
    ServerlessPlatform platform = new ServerlessProvider().open(config);
    open.set(platform);
    List<String> failures = new ArrayList<>();
    boolean serves = false;
    try {
      List<Operation<ModelFunction>> deploying =
          models.stream().map(model -> platform.deploy(artifact(model), limits)).toList();
      List<ModelFunction> functions = new ArrayList<>();
      for (Operation<ModelFunction> operation : deploying) {
        try {
          functions.add(operation.await(LIMIT));
        } catch (ServingException e) {
          failures.add(String.valueOf(e.getMessage()));
        }
      }
      serves = failures.isEmpty();
      if (serves) {
        System.out.println(started(
            platform.url(functions.get(0)), functions, eager, config.http().token()));
      }
      return failures;
    } finally {
      if (!serves && open.compareAndSet(platform, null)) {
        platform.close();
      }
    }
  }

  /**
   * The shutdown hook: answers the requests in progress. A server that was told to end, by SIGTERM or Ctrl-C, has done
   * what it was asked for, so it ends with 0 and not with the number of the signal.
   */
  private void end() {
    ServerlessPlatform platform = open.getAndSet(null);
    if (platform != null) {
      platform.close();
      Runtime.getRuntime().halt(0);
    }
  }

  // ---- what to serve ----

  private List<NamedModel> models() throws WrongArgumentException {
    List<NamedModel> models = new ArrayList<>();
    if (arguments.models().isEmpty()) {
      models.addAll(ofContainer());
    }
    for (String location : arguments.models()) {
      models.addAll(at(location));
    }
    Map<String, NamedModel> byName = new HashMap<>();
    for (NamedModel model : models) {
      NamedModel other = byName.put(model.name(), model);
      if (other != null) {
        throw new WrongArgumentException("Two models have the name " + model.name() + ": "
            + Redacted.uri(other.location()) + " and " + Redacted.uri(model.location())
            + ". Rename one of the files, or serve one of them from another process.");
      }
    }
    String first = arguments.defaultFunction().orElse("");
    if (!first.isEmpty() && !byName.containsKey(first)) {
      throw new WrongArgumentException("--default names " + first + ", and the models are "
          + byName.keySet().stream().sorted().collect(Collectors.joining(", ")) + ".");
    }
    return models;
  }

  private List<NamedModel> ofContainer() throws WrongArgumentException {
    String location = environment.getOrDefault(VERTEX_MODEL, "");
    if (!location.isBlank()) {
      return location.contains("://")
          ? List.of(new NamedModel("model", at(location).get(0).location()))
          : at(location);
    }
    String folder = environment.getOrDefault(SAGEMAKER_MODEL_FOLDER, SAGEMAKER_MODEL);
    if (Files.isDirectory(Path.of(folder))) {
      return at(folder);
    }
    throw new WrongArgumentException("There is no model to serve: name a file or a folder, as in"
        + " 'java -jar fairlead-server.jar model.onnx'. In a container, it is in " + SAGEMAKER_MODEL
        + ", or " + VERTEX_MODEL + " says where it is. --help has the options.");
  }

  private static List<NamedModel> at(String location) throws WrongArgumentException {
    if (location.contains("://")) {
      URI uri = uri(location);
      if (!FETCHED.contains(uri.getScheme().toLowerCase(Locale.ROOT))) {
        throw new WrongArgumentException("'" + Redacted.text(location)
            + "' cannot be fetched: a model is a file or a folder of this"
            + " machine, at https:// or hf://, or a folder at gs://.");
      }
      // Of the hub, the name of the repository; of others, that of the file.
      String path = String.valueOf(uri.getPath()).replaceFirst("/+$", "");
      String name = "hf".equalsIgnoreCase(uri.getScheme())
          ? path.replaceFirst("^/([^/@]*).*", "$1")
          : path.substring(path.lastIndexOf('/') + 1);
      return List.of(new NamedModel(NamedModel.nameOf(name), uri));
    }
    try {
      Path path = Path.of(location).toAbsolutePath().normalize();
      if (Files.isDirectory(path)) {
        return ModelFolder.in(path);
      }
      if (Files.exists(path)) {
        return List.of(NamedModel.of(String.valueOf(path.getFileName()), path));
      }
      throw new WrongArgumentException("There is no file or folder '" + location + "'.");
    } catch (InvalidPathException e) {
      throw new WrongArgumentException(
          "'" + location + "' is no path of a file: " + e.getReason() + ".");
    } catch (IOException e) {
      throw new WrongArgumentException(
          "Folder '" + location + "' cannot be read: " + e.getMessage() + ".");
    }
  }

  private static URI uri(String location) throws WrongArgumentException {
    try {
      return URI.create(location);
    } catch (IllegalArgumentException e) {
      throw new WrongArgumentException("'" + Redacted.text(location) + "' is no URI.");
    }
  }

  private ModelArtifact artifact(NamedModel model) {
    return arguments.isolated()
        ? model.artifact().with(ServerlessOptions.DEFAULT.withIsolation(Isolation.PROCESS))
        : model.artifact();
  }

  // ---- how to serve ----

  private FunctionLimits limits(ColdStart coldStart) {
    FunctionLimits limits = FunctionLimits.DEFAULT.withColdStart(coldStart);
    return arguments.memory().map(limits::withMemory).orElse(limits);
  }

  private ServerlessConfig config() throws WrongArgumentException {
    HuggingFaceFetcher hub = new HuggingFaceFetcher();
    String mirror = environment.getOrDefault(HUB_ENDPOINT, "");
    if (!mirror.isBlank()) {
      hub = hub.withEndpoint(uri(mirror));
    }
    if (arguments.sendHubToken()) {
      String token = environment.getOrDefault(HUB_TOKEN, "");
      if (token.isBlank()) {
        throw new WrongArgumentException("--hf-token sends the token in the variable " + HUB_TOKEN
            + ", which is not set: set it, or leave the option out.");
      }
      hub = hub.withToken(token);
    }
    ServerlessConfig config = ServerlessConfig.DEFAULT
        .withHttp(http())
        .withFetcher("https", new HttpFetcher())
        .withFetcher("hf", hub)
        .withFetcher("gs", GoogleStorageFetcher.of(environment));
    return arguments.cache().map(config::withCacheFolder).orElse(config);
  }

  private HttpSettings http() throws WrongArgumentException {
    HttpSettings settings = address();
    return arguments.defaultFunction().map(settings::withDefaultFunction).orElse(settings);
  }

  private HttpSettings address() throws WrongArgumentException {
    String token = environment.getOrDefault(TOKEN, "");
    HttpSettings settings = addressWithoutToken(token);
    return token.isEmpty() ? settings : settings.withToken(token);
  }

  private HttpSettings addressWithoutToken(String token) throws WrongArgumentException {
    boolean chosen = arguments.host().isPresent() || arguments.port().isPresent();
    if (!chosen && environment.containsKey(VERTEX_PORT)) {
      return HttpSettings.forVertex(environment);
    }
    if (!chosen && arguments.command() && arguments.models().isEmpty()) {
      Optional<Integer> port =
          ServerArguments.port(environment.get(SAGEMAKER_PORT), SAGEMAKER_PORT);
      HttpSettings settings = HttpSettings.forSageMaker();
      return port.isEmpty() ? settings : settings.withAddress(settings.host(), port.get());
    }
    HttpSettings settings = HttpSettings.DEFAULT.withOpenWithoutToken(arguments.openWithoutToken());
    if (!token.isEmpty()) {
      settings = settings.withToken(token);
    }
    String host = arguments.host().orElse(settings.host());
    if (token.isEmpty() && !arguments.openWithoutToken() && !Loopback.isHost(host)) {
      throw new WrongArgumentException(
          "--host " + host + " lets other machines in: set the variable "
              + TOKEN
              + " to a token of 16 or more characters, which they send as 'Authorization: Bearer"
              + " TOKEN', or add --open-without-token on an isolated network.");
    }
    return settings.withAddress(host, arguments.port().orElse(DEFAULT_PORT));
  }

  // ---- what it says ----

  private static String started(
      URI first, List<ModelFunction> functions, boolean loaded, Optional<String> token) {
    String names = functions.stream()
        .limit(MOST_NAMES)
        .map(ModelFunction::name)
        .collect(Collectors.joining(", "));
    int more = functions.size() - MOST_NAMES;
    String header = token.isPresent() ? " -H \"Authorization: Bearer $" + TOKEN + '"' : "";
    String body = loaded ? ExampleRequest.of(first, token).orElse("") : "";
    return "Serving " + names + (more > 0 ? " and " + more + " more" : "") + " at "
        + first.resolve("/") + " - ask: curl " + first + header
        + (body.isEmpty() ? " (its inputs)" : " -d '" + body + "'");
  }
}
