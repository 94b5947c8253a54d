package io.fairlead.config;

import static io.fairlead.config.PropertyType.DURATION;
import static io.fairlead.config.PropertyType.FLAG;
import static io.fairlead.config.PropertyType.GROUP;
import static io.fairlead.config.PropertyType.INTEGER;
import static io.fairlead.config.PropertyType.MAP;
import static io.fairlead.config.PropertyType.NAME;
import static io.fairlead.config.PropertyType.OPTIONS;
import static io.fairlead.config.PropertyType.SIZE;
import static io.fairlead.config.PropertyType.TEXT;
import static io.fairlead.config.PropertyType.TEXTS;

import io.fairlead.grammar.ModelTask;
import java.util.Arrays;
import java.util.List;

/** The properties of a configuration: each is decided here, and what reads, describes or completes it is derived. */
public final class ConfigSchema {
  private static final List<Property> MODEL = List.of(
      Property.of(
          "model",
          TEXT,
          "The model: a location such as classpath:iris.onnx or s3://models/bert, a path that starts with / or ./, or"
              + " the id of a model of the Hugging Face hub, org/name. Required."),
      Property.of(
          "code", TEXT, "The location of the code that runs the model, if it is not the model's."),
      Property.of("framework", TEXT, "The model's framework, such as onnx or huggingface."),
      Property.of("framework-version", TEXT, "The framework's version, such as 4.37."),
      new Property(
          "task",
          NAME,
          Arrays.stream(ModelTask.values()).map(ModelTask::id).toList(),
          "What the model is for, where the platform chooses the container of a model of a hub by it.",
          ""),
      Property.of("labels", MAP, "Labels of the model, by name."),
      Property.of("options", OPTIONS, "What one platform alone has, by its id and option."));

  private static final List<Property> IN_APPLICATION = List.of(
      Property.of(
          "platform",
          TEXT,
          "The name of the platform that serves it. By default the only one that serves such."),
      Property.of("deploy-at-start", FLAG, "Whether it is deployed when the application starts.")
          .byDefault("false"));

  private static final List<Property> ENDPOINT = List.of(
      Property.of("variant", TEXT, "The variant.").byDefault("blue"),
      Property.of(
          "instances",
          INTEGER,
          "The number of instances, or the initial one where min and max are given. By default 1."),
      Property.of(
          "min", INTEGER, "The minimum number of instances. By default as many as there are."),
      Property.of(
          "max", INTEGER, "The maximum number of instances. By default as many as there are."),
      Property.of(
          "instance-type",
          TEXT,
          "The platform's name of the machine type, where there is a choice."),
      Property.of("image", TEXT, "The container image, where the platform does not choose it."),
      Property.of("environment", MAP, "Environment variables of the container."),
      Property.of("packages", TEXTS, "Packages that the model's code needs, as pip names them."));

  private static final List<Property> FUNCTION = List.of(
      Property.of("memory", SIZE, "The memory of one instance. By default by the model."),
      Property.of(
              "timeout",
              DURATION,
              "The longest that an invocation may take, its time in the queue included.")
          .byDefault("60s"),
      Property.of("max-concurrent", INTEGER, "The most concurrent invocations.").byDefault("100"),
      Property.of(
              "idle-timeout",
              DURATION,
              "The time without an invocation after which the last instance stops.")
          .byDefault("10m"),
      new Property(
          "cold-start", NAME, List.of("eager", "lazy"), "When the model is loaded.", "lazy"));

  private static final Property SETTINGS =
      Property.of("settings", MAP, "The platform's own settings, such as region.");

  private static final List<Property> NAMED = List.of(Property.of(
      "name", TEXT, "The public name, by which it is invoked, listed and undeployed. Required."));

  private static final List<Property> ROUTED = List.of(Property.of(
      "traffic",
      INTEGER,
      "The variant's share of the requests to the name, in whole percent, once it is deployed beside the one other"
          + " variant, which gets the rest. By default the shares stay as they are."));

  /** The properties of a platform. */
  public static final List<Property> PLATFORMS = List.of(
      Property.of(
          "id", TEXT, "The platform's id, such as local or sagemaker. By default its name."),
      SETTINGS);

  /** The properties of a file for one deployment. */
  public static final List<Property> DEPLOYMENT = List.of(
      Property.of(
          "platform",
          TEXT,
          "The id of the platform that serves it, such as local or sagemaker. Required."),
      SETTINGS,
      Property.of(
          "endpoint", GROUP, "The endpoint, where the platform serves endpoints. Required there."),
      Property.of(
          "function", GROUP, "The function, where the platform serves functions. Required there."),
      Property.of("limit", DURATION, "The longest that each operation on it is waited for.")
          .byDefault("30m"));

  /** The properties of the endpoint in a file for one deployment. */
  public static final List<Property> DEPLOYMENT_ENDPOINT =
      all(List.of(NAMED, MODEL, ENDPOINT, ROUTED));

  /** The properties of the function in a file for one deployment. */
  public static final List<Property> DEPLOYMENT_FUNCTION = all(List.of(NAMED, MODEL, FUNCTION));

  /** The properties of an endpoint in an application. */
  public static final List<Property> ENDPOINTS = all(List.of(IN_APPLICATION, MODEL, ENDPOINT));

  /** The properties of a function in an application. */
  public static final List<Property> FUNCTIONS = all(List.of(IN_APPLICATION, MODEL, FUNCTION));

  /** The properties of what is deployed when an application starts. */
  public static final List<Property> START = List.of(
      Property.of(
              "limit",
              DURATION,
              "The longest that the application waits, before it is ready, for what is deployed at start.")
          .byDefault("30m"),
      new Property(
          "on-failure",
          NAME,
          List.of("fail", "down"),
          "What happens if it cannot be deployed: the start fails, or the health is DOWN.",
          "fail"));

  /** The properties of the health of an application. */
  public static final List<Property> HEALTH = List.of(
      Property.of(
              "interval",
              DURATION,
              "The shortest time between two reads of a platform; between them the health is the last one.")
          .byDefault("10s"),
      Property.of(
              "limit", DURATION, "The longest that a request for the health waits for a platform.")
          .byDefault("2s"));

  /** The properties of the observations of an application. */
  public static final List<Property> OBSERVATIONS =
      List.of(Property.of("enabled", FLAG, "Whether invocations and operations are observed.")
          .byDefault("true"));

  /** The properties of how an application answers over HTTP with the failure of a platform. */
  public static final List<Property> PROBLEM_DETAILS = List.of(Property.of(
          "enabled",
          FLAG,
          "Whether the failure of a platform that an HTTP controller does not handle is answered as a problem detail.")
      .byDefault("true"));

  private ConfigSchema() {}

  private static List<Property> all(List<List<Property>> parts) {
    return parts.stream().flatMap(List::stream).toList();
  }
}
