package io.fairlead.examples;

import io.fairlead.config.ConfigNode;
import io.fairlead.config.ConfigProblems;
import io.fairlead.config.DeclaredPlatform;
import io.fairlead.config.DeploymentFile;
import io.fairlead.config.DeploymentReader;
import io.fairlead.config.InvalidConfigurationException;
import io.fairlead.config.Nearest;
import io.fairlead.config.OpenPlatforms;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.InvalidValueException;
import io.fairlead.grammar.ModelFunction;
import io.fairlead.grammar.Served;
import io.fairlead.grammar.TrafficWeight;
import io.fairlead.operation.Operation;
import io.fairlead.operation.Plan;
import io.fairlead.platform.Deployment;
import io.fairlead.platform.Description;
import io.fairlead.platform.EndpointPlatform;
import io.fairlead.platform.FunctionPlatform;
import io.fairlead.platform.ManagedResource;
import io.fairlead.platform.Platform;
import io.fairlead.platform.Platforms;
import io.fairlead.yaml.YamlFile;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The commands for a deployment that a file of YAML declares: {@code examples/run
 * deploy|undeploy|status|list|sweep}.
 */
public final class Deployments {
  private static final int DONE = 0;
  private static final int FAILED = 1;
  private static final int MISTAKEN = 2;
  private static final int STOPPED = 130;

  /** The platforms whose deployments live in the process that deployed them. */
  private static final Set<String> OF_THIS_PROCESS = Set.of("local", "serverless");

  private final DeploymentsReport report;
  private final List<String> commandLine;
  private final Function<String, @Nullable String> environment;
  private final AtomicBoolean ended = new AtomicBoolean();
  private final CountDownLatch stopping = new CountDownLatch(1);
  private volatile @Nullable OpenPlatforms open;
  private volatile boolean changing;

  /**
   * Creates a command.
   *
   * @param environment the values of environment variables; null for one that is not set
   */
  Deployments(
      List<String> commandLine,
      Terminal out,
      Terminal err,
      Function<String, @Nullable String> environment) {
    this.commandLine = commandLine;
    this.environment = environment;
    this.report = new DeploymentsReport(
        commandLine.isEmpty() ? "" : commandLine.get(0), out, err, commandLine.contains("--json"));
    if (commandLine.contains("--help") || commandLine.contains("-h")) {
      DeploymentsArguments.HELP.lines().forEach(out::line);
    }
  }

  /** Runs a command; exits with 0 if it is done, 1 if it failed, 2 if there is a mistake, 130 after Ctrl-C. */
  public static void main(String[] args) {
    // As in simplelogger.properties: below this level a cloud's SDK logs details of the machine.
    Logger.getLogger("").setLevel(Level.WARNING);
    Deployments command = new Deployments(
        List.of(args), Terminal.standardOutput(), Terminal.standardError(), System::getenv);
    Runtime.getRuntime().addShutdownHook(new Thread(command::stop));
    System.exit(command.run());
  }

  int run() {
    int exit;
    try {
      DeploymentsArguments arguments = DeploymentsArguments.of(commandLine);
      if (arguments.help()) {
        ended.set(true);
        return DONE;
      }
      exit = run(arguments);
    } catch (InvalidConfigurationException e) {
      report.mistakes(e.problems());
      exit = MISTAKEN;
    } catch (IllegalArgumentException e) {
      report.failed("INVALID", String.valueOf(e.getMessage()));
      exit = MISTAKEN;
    } catch (ServingException e) {
      if (stopping.getCount() > 0) {
        report.failed(e);
      }
      exit = FAILED;
    }
    if (!ended.compareAndSet(false, true)) {
      return STOPPED;
    }
    report.end(exit);
    return exit;
  }

  private int run(DeploymentsArguments arguments) {
    if (arguments.file().isEmpty()) {
      ConfigProblems problems = new ConfigProblems("", ConfigNode.Group.EMPTY);
      return run(arguments, platform(arguments, problems), problems, Optional.empty());
    }
    DeploymentReader reader = YamlFile.deployment(arguments.file().get(), environment);
    try {
      return run(arguments, reader.platform(), reader.problems(), reader.deployment());
    } catch (InvalidValueException e) {
      throw reader.located(e);
    }
  }

  private static Optional<DeclaredPlatform> platform(
      DeploymentsArguments arguments, ConfigProblems problems) {
    String id = arguments.platform().orElseThrow();
    Map<String, Class<? extends Platform<?>>> types = Platforms.types();
    Class<? extends Platform<?>> type = types.get(id);
    if (type == null) {
      problems.add(
          "--platform", "must be the id of a platform" + Nearest.platform(id, types.keySet()), id);
      return Optional.empty();
    }
    return Optional.of(new DeclaredPlatform("", id, id, type, arguments.settings()));
  }

  private int run(
      DeploymentsArguments arguments,
      Optional<DeclaredPlatform> declared,
      ConfigProblems problems,
      Optional<DeploymentFile> file) {
    try (OpenPlatforms opened = new OpenPlatforms(declared.stream().toList(), problems)) {
      open = opened;
      String id = declared.orElseThrow().id();
      Platform<?> platform = opened.get(id);
      report.about("platform", id);
      Duration limit = file.map(DeploymentFile::limit).orElse(DeploymentFile.DEFAULT_LIMIT);
      return switch (arguments.command()) {
        case DEPLOY -> deploy(arguments, platform, file.orElseThrow());
        case UNDEPLOY -> undeploy(arguments, platform, file.orElseThrow());
        case STATUS -> status(platform, file.orElseThrow());
        case LIST -> list(platform);
        case SWEEP -> sweep(arguments, platform, limit);
      };
    }
  }

  /** Stops what is being done, without taking anything back; called on Ctrl-C. */
  void stop() {
    if (!ended.compareAndSet(false, true)) {
      return;
    }
    boolean resumable = changing;
    stopping.countDown();
    OpenPlatforms opened = open;
    if (opened != null) {
      opened.close();
    }
    report.stopped(
        resumable
            ? "Stopped. Nothing was taken back: the same command goes on from here."
            : "Stopped.");
    report.end(STOPPED);
  }

  // ---- the commands ----

  private int deploy(DeploymentsArguments arguments, Platform<?> platform, DeploymentFile file) {
    about(file.value());
    if (arguments.preview()) {
      return previewed(
          platform instanceof EndpointPlatform endpoints
              ? planned(endpoints, file)
              : ((FunctionPlatform) platform).preview(p -> deploy(p, file)));
    }
    say("Deploying", file, platform);
    if (platform instanceof EndpointPlatform endpoints) {
      Endpoint endpoint = (Endpoint) file.value();
      Optional<Endpoint> stable = stable(endpoints, file);
      Endpoint deployed = await("deploy", deploy(endpoints, file), file.limit());
      stable.ifPresent(
          other -> await("route", route(endpoints, other, deployed, file), file.limit()));
      describe(() ->
          endpoints.describe(endpoint.name(), endpoint.routing().variant(), Platform.READ_LIMIT));
      if (OF_THIS_PROCESS.contains(platform.id())) {
        try (LocalFront front = new LocalFront(endpoints, deployed, arguments.port())) {
          serve(front.url(), platform, file);
        }
      }
    } else {
      FunctionPlatform functions = (FunctionPlatform) platform;
      ModelFunction deployed = await("deploy", deploy(functions, file), file.limit());
      describe(() -> functions.describe(deployed.name(), Platform.READ_LIMIT));
      if (OF_THIS_PROCESS.contains(platform.id())) {
        serve(functions.url(deployed), platform, file);
      }
    }
    return DONE;
  }

  /** Deploys what a file declares, if its platform forgets it at the end of a process. */
  static void deployInThisProcess(Platform<?> platform, DeploymentFile file) {
    if (OF_THIS_PROCESS.contains(platform.id())) {
      Operation<?> deploy = platform instanceof EndpointPlatform endpoints
          ? deploy(endpoints, file)
          : deploy((FunctionPlatform) platform, file);
      deploy.await(file.limit());
    }
  }

  private static Operation<Endpoint> deploy(EndpointPlatform platform, DeploymentFile file) {
    Endpoint endpoint = (Endpoint) file.value();
    return platform.deploy(endpoint.container(), endpoint.scaling(), endpoint.routing());
  }

  private static Operation<ModelFunction> deploy(FunctionPlatform platform, DeploymentFile file) {
    ModelFunction function = (ModelFunction) file.value();
    return platform.deploy(function.artifact(), function.limits());
  }

  private static Operation<?> route(
      EndpointPlatform platform, Endpoint stable, Endpoint deployed, DeploymentFile file) {
    TrafficWeight weight = file.traffic().orElseThrow();
    return platform.route(stable.at(100 - weight.percent()), deployed.at(weight), weight);
  }

  /** {@return the other variant, which gets the rest of the requests; empty if the file leaves the shares alone} */
  private static Optional<Endpoint> stable(EndpointPlatform platform, DeploymentFile file) {
    if (file.traffic().isEmpty()) {
      return Optional.empty();
    }
    int percent = file.traffic().get().percent();
    Endpoint endpoint = (Endpoint) file.value();
    List<String> others = platform.list().stream()
        .filter(each -> each.name().equals(endpoint.name()))
        .flatMap(each -> each.variant().stream())
        .filter(variant -> !variant.equals(endpoint.routing().variant()))
        .toList();
    if (others.isEmpty() && percent == 100) {
      return Optional.empty();
    }
    if (others.size() != 1) {
      throw refused(
          platform,
          "traffic is " + percent + ", and " + endpoint.name() + " has "
              + (others.isEmpty()
                  ? "no other variant that gets the rest: deploy that first, or leave traffic out."
                  : "several other variants, " + others.stream().collect(Collectors.joining(", "))
                      + ": leave traffic out, and route between two of them in a program."));
    }
    return Optional.of(
        platform
            .describe(endpoint.name(), others.get(0), Platform.READ_LIMIT)
            .flatMap(Description::value)
            .orElseThrow(
                () -> refused(
                    platform,
                    endpoint.name() + "/" + others.get(0)
                        + ", which would get the rest of the requests, is being created or deleted: wait for that.")));
  }

  private static ServingException refused(Platform<?> platform, String sentence) {
    return new ServingException(platform.id(), ErrorKind.CONFLICT, sentence);
  }

  private Plan planned(EndpointPlatform platform, DeploymentFile file) {
    Optional<Endpoint> stable;
    try {
      stable = stable(platform, file);
    } catch (ServingException e) {
      if (e.kind() == ErrorKind.CONFLICT) {
        throw e;
      }
      stable = Optional.empty();
      report.say("  The traffic is not in this plan, because the platform could not be read.");
    }
    Optional<Endpoint> other = stable;
    return platform.preview(p -> {
      Operation<Endpoint> deploy = deploy(p, file);
      return other.isEmpty() ? deploy : route(p, other.get(), deploy.await(Duration.ZERO), file);
    });
  }

  private int previewed(Plan plan) {
    report.plan(plan);
    return plan.changes().stream().anyMatch(change -> change.action() == Plan.Action.REFUSE)
        ? FAILED
        : DONE;
  }

  /** Says what is deployed, and where, as far as the platform can be read: it is deployed all the same. */
  private void describe(Supplier<? extends Optional<? extends Description<?>>> description) {
    try {
      description.get().ifPresent(each -> {
        report.deployment(each.deployment());
        report.location(each.location());
      });
    } catch (ServingException e) {
      report.say("  It is deployed, and could not be read: " + e.getMessage());
    }
  }

  private void serve(URI url, Platform<?> platform, DeploymentFile file) {
    String name = file.value().name();
    report.say("The platform " + platform.id() + " is this process: " + name
        + " answers until Ctrl-C, and is gone then.");
    report.say("  " + url + "   (POST: docs/local.md#requests-in-json)");
    report.serving(url);
    try {
      stopping.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private int undeploy(DeploymentsArguments arguments, Platform<?> platform, DeploymentFile file) {
    about(file.value());
    String name = file.value().name();
    if (arguments.preview()) {
      return previewed(
          platform instanceof EndpointPlatform endpoints
              ? endpoints.preview(
                  p -> arguments.all() ? p.undeployAll(name) : p.undeploy((Endpoint) file.value()))
              : ((FunctionPlatform) platform)
                  .preview(p -> arguments.all()
                      ? p.undeployAll(name)
                      : p.undeploy((ModelFunction) file.value())));
    }
    say("Undeploying", file, platform);
    if (arguments.all()) {
      report.resources("deleted", await("undeploy", platform.undeployAll(name), file.limit()));
    } else if (platform instanceof EndpointPlatform endpoints) {
      await("undeploy", endpoints.undeploy((Endpoint) file.value()), file.limit());
    } else {
      await(
          "undeploy",
          ((FunctionPlatform) platform).undeploy((ModelFunction) file.value()),
          file.limit());
    }
    report.well(shown(file.value(), arguments.all()) + " is not deployed any more.");
    return DONE;
  }

  private int status(Platform<?> platform, DeploymentFile file) {
    about(file.value());
    Optional<Deployment> deployment = platform instanceof EndpointPlatform endpoints
        ? endpoints.status((Endpoint) file.value(), Platform.READ_LIMIT)
        : ((FunctionPlatform) platform).status((ModelFunction) file.value(), Platform.READ_LIMIT);
    if (deployment.isEmpty()) {
      report.failed(
          ErrorKind.NOT_FOUND.name(),
          shown(file.value(), false) + " is not deployed on " + platform.id() + "."
              + (OF_THIS_PROCESS.contains(platform.id())
                  ? " What is deployed there lives in the process of its deploy, and no other process sees it."
                  : ""));
      return FAILED;
    }
    report.deployment(deployment.get());
    return deployment.get().state() == Deployment.State.READY ? DONE : FAILED;
  }

  private int list(Platform<?> platform) {
    List<Deployment> deployments = platform.list();
    report.deployments(deployments);
    if (deployments.isEmpty()) {
      report.say("Nothing is deployed on " + platform.id() + " by this library.");
    }
    return DONE;
  }

  private int sweep(DeploymentsArguments arguments, Platform<?> platform, Duration limit) {
    List<ManagedResource> swept;
    if (arguments.preview()) {
      Instant before = Instant.now().minus(arguments.olderThan());
      swept = platform.orphans().stream()
          .filter(orphan -> !orphan.createdAt().isAfter(before))
          .toList();
      report.resources("orphans", swept);
    } else {
      swept = await("sweep", platform.sweep(arguments.olderThan()), limit);
      report.resources("deleted", swept);
    }
    if (swept.isEmpty()) {
      report.say("There are no orphans of that age on " + platform.id() + ".");
    }
    return DONE;
  }

  // ---- what they share ----

  private void say(String doing, DeploymentFile file, Platform<?> platform) {
    report.say(doing + " " + shown(file.value(), false) + " on " + platform.id());
  }

  private void about(Served value) {
    report.about("name", value.name());
    if (value instanceof Endpoint endpoint) {
      report.about("variant", endpoint.routing().variant());
    }
  }

  private static String shown(Served value, boolean all) {
    return value instanceof Endpoint endpoint && !all
        ? value.name() + "/" + endpoint.routing().variant()
        : value.name();
  }

  private <T> T await(String what, Operation<T> operation, Duration limit) {
    changing = true;
    try {
      return operation.onProgress(report.progress(what)).await(limit);
    } catch (ServingException e) {
      if (e.kind() == ErrorKind.TIMEOUT && !operation.status().state().isFinal()) {
        report.say("  The limit of the file passed: the same command goes on from here.");
      }
      throw e;
    } finally {
      changing = false;
    }
  }
}
