package io.fairlead.azureml.internal;

import io.fairlead.azureml.AzureMlArtifact;
import io.fairlead.azureml.AzureMlContainer;
import io.fairlead.azureml.AzureMlContainer.Server;
import io.fairlead.azureml.AzureMlDependencies;
import io.fairlead.azureml.AzureMlProbe;
import io.fairlead.grammar.Container;
import io.fairlead.grammar.ModelTask;
import io.fairlead.grammar.Problems;
import java.net.URI;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * A model of the Hugging Face hub that the server in an image of the user downloads when it starts. It is no asset of
 * the workspace: the deployment has its id in environment variables.
 *
 * <p>Azure ML gives a container no arguments. Text Embeddings Inference and Text Generation Inference read {@code
 * MODEL_ID}, by their source; vLLM takes an argument, which the entrypoint of an image can read from {@code HF_MODEL_ID}.
 *
 * @param id its id on the hub, {@code org/name}
 * @param task what it is for
 * @param server the server that the name of the image is of, if it is known
 */
record HubModel(String id, ModelTask task, Optional<LanguageServer> server) {
  private static final List<String> VARIABLES = List.of("HF_MODEL_ID", "MODEL_ID");

  /** The variable with the name of the model in requests, which Text Embeddings Inference reads. */
  private static final String SERVED_NAME = "SERVED_MODEL_NAME";

  private static final Pattern ID = Pattern.compile("[\\w.-]+/[\\w.-]+");

  /** The image that vLLM publishes, wherever it is mirrored. */
  private static final Pattern TAKES_ARGUMENTS = Pattern.compile("(.*/)?vllm/vllm-openai([:@].*)?");

  /** {@return the model of a container that downloads it; empty if Azure ML gives the container its model, or there is no task} */
  static Optional<HubModel> downloadedBy(Container container) {
    URI weights = container.artifact().weights();
    String image = container.runtime().image().orElse("");
    boolean isDownloaded = Locations.isOfHub(weights)
        && !image.isEmpty()
        && !image.startsWith(Locations.SCHEME + ":")
        && artifact(container).registry().isEmpty()
        && container.dependencies().options().find(AzureMlDependencies.class).isEmpty();
    return container
        .artifact()
        .metadata()
        .task()
        .filter(task -> isDownloaded)
        .map(task -> new HubModel(id(weights), task, LanguageServer.of(image)));
  }

  private static AzureMlArtifact artifact(Container container) {
    return container
        .artifact()
        .metadata()
        .options()
        .find(AzureMlArtifact.class)
        .orElse(AzureMlArtifact.DEFAULT);
  }

  private static AzureMlContainer container(Container container) {
    return container
        .runtime()
        .options()
        .find(AzureMlContainer.class)
        .orElse(AzureMlContainer.DEFAULT);
  }

  private static String id(URI weights) {
    return weights.getAuthority() + weights.getPath();
  }

  /** {@return the name of the model in requests to a container: the one that its environment gives, or its id on the hub} */
  static Optional<String> servedName(Container container) {
    URI weights = container.artifact().weights();
    return Optional.ofNullable(container.dependencies().environment().get(SERVED_NAME))
        .or(() -> Optional.of(weights).filter(Locations::isOfHub).map(HubModel::id));
  }

  // ---- the deployment ----

  /** {@return where the server listens, if the user does not say} */
  Optional<Server> listening() {
    return server.flatMap(known -> known.listening(task));
  }

  /** {@return the environment variables of the user with those that name the model} */
  Map<String, String> variables(Map<String, String> users) {
    Map<String, String> all = new TreeMap<>(users);
    VARIABLES.forEach(name -> all.put(name, id));
    return all;
  }

  /** {@return the location of the model that the variables of a deployment name: the inverse of {@link #variables}} */
  static Optional<URI> in(Map<String, String> variables) {
    String id = variables.getOrDefault(VARIABLES.get(0), "");
    boolean isNamed = ID.matcher(id).matches()
        && VARIABLES.stream().allMatch(name -> id.equals(variables.get(name)));
    return isNamed ? Optional.of(URI.create("hf://" + id)) : Optional.empty();
  }

  /** {@return the variables of a deployment without those that name the model} */
  static Map<String, String> users(Map<String, String> variables) {
    Map<String, String> users = new TreeMap<>(variables);
    VARIABLES.forEach(users::remove);
    return users;
  }

  // ---- what is checked ----

  void check(Container container, Problems problems) {
    String image = container.runtime().image().orElse("");
    AzureMlContainer options = container(container);
    String title = server.map(LanguageServer::title).orElse("");
    Locations.checkHub(container.artifact().weights(), problems);
    problems
        .check(
            !TAKES_ARGUMENTS.matcher(image).matches(),
            "runtime.image",
            "must be an image whose entrypoint gives vLLM the model, as vllm serve \"$HF_MODEL_ID\" does: vLLM's own "
                + "takes it as an argument, which Azure ML cannot give, and would serve another model",
            image)
        .check(
            server.isPresent() || options.server().isPresent(),
            "runtime.options",
            "must have AzureMlContainer.withServer, which says where the server listens, because the name of the image "
                + "has neither vllm nor text-embeddings-inference",
            image)
        .check(
            server.isEmpty() || options.server().isPresent() || listening().isPresent(),
            "artifact.metadata.task",
            "must be another one, because " + title + " has no route for it",
            task.id())
        .check(
            options.modelMountPath().isEmpty(),
            "runtime.options",
            "must not have a mount path in AzureMlContainer, because the container downloads its model",
            options.modelMountPath().orElse(""))
        .check(
            options.egress(),
            "runtime.options",
            "must not be withoutEgress in AzureMlContainer, because the container downloads its model from the Hugging "
                + "Face hub: upload the model's files instead",
            "withoutEgress")
        .check(
            artifact(container).equals(AzureMlArtifact.DEFAULT),
            "artifact.metadata.options",
            "must not have a type or a description in AzureMlArtifact, because the container downloads its model",
            artifact(container).type());
    container
        .dependencies()
        .environment()
        .forEach((name, value) -> problems.check(
            !VARIABLES.contains(name) || value.equals(id),
            "dependencies.environment",
            "must not name another model than artifact.weights",
            name));
  }

  /** A large model is not there when the probe begins, which restarts the container. */
  void warnOfProbe(Container container, List<String> warnings) {
    if (container(container).livenessProbe().equals(AzureMlProbe.DEFAULT)) {
      warnings.add(
          "the container downloads its model when it starts, and is restarted if that takes more than 5 minutes: "
              + "AzureMlContainer.withLivenessProbe gives it longer");
    }
  }

  /** Adds a warning of variables that the server of a task does not read, in an image of the user or in that of a registry. */
  static void warnOfVariables(Container container, List<String> warnings) {
    Optional<LanguageServer> known = container.runtime().image().isPresent()
        ? downloadedBy(container).flatMap(HubModel::server)
        : usual(container);
    known.ifPresent(server -> {
      List<String> ignored =
          server.ignored(container.dependencies().environment().keySet());
      if (!ignored.isEmpty()) {
        warnings.add(server.title() + " ignores the environment variables "
            + String.join(", ", ignored) + ", which are another server's");
      }
    });
  }

  /** {@return the server that a model of the hub usually has in the registry} */
  private static Optional<LanguageServer> usual(Container container) {
    return container
        .artifact()
        .metadata()
        .task()
        .filter(task -> Locations.isOfHub(container.artifact().weights()))
        .map(task -> task == ModelTask.CHAT ? LanguageServer.VLLM : LanguageServer.TEI);
  }
}
