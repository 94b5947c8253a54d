package io.fairlead.platform;

import java.util.List;

/**
 * Something that a platform may be able to do.
 *
 * <p>The first are operations of a type of platform: a platform that does not have them does not have their methods. The
 * others are declared by providers in {@link Capabilities}, and tested by the contract of their type.
 */
public enum Capability {
  /** Packages a model as a container, without serving it. */
  PACKAGE("packages a model as a container", true, EndpointPlatform.class),
  /** Changes the number of instances of what serves, on request. */
  SCALE("changes the number of instances on request", true, EndpointPlatform.class),
  /** Divides the requests of one name among several variants, by whole percents. */
  ROUTE("divides the requests of one name among variants", true, EndpointPlatform.class),
  /** Previews operations without running them. */
  PREVIEW(
      "previews operations without running them",
      true,
      EndpointPlatform.class,
      FunctionPlatform.class),
  /** Reads back what serves, as a value that another process goes on with. */
  READ_BACK(
      "reads back what is deployed",
      true,
      EndpointPlatform.class,
      FunctionPlatform.class,
      StatefulPlatform.class),
  /** Has a URL for what it serves. */
  URL("has a URL for each function", true, FunctionPlatform.class),
  /** Keeps state: a cache of answers, and versions that are replaced without a stale one. */
  STATE("caches answers, and replaces versions", true, StatefulPlatform.class),

  /** A request can be sent to a variant that does not have all requests of its name. */
  PINNED_REQUESTS(
      "sends a request to a variant of the caller's choice", false, EndpointPlatform.class),
  /** A model's answer is passed on piece by piece while it is being made. */
  STREAMING(
      "passes on an answer piece by piece",
      false,
      EndpointPlatform.class,
      FunctionPlatform.class,
      StatefulPlatform.class),
  /** The number of instances follows the load, between a minimum and a maximum. */
  AUTOSCALING("scales by load", false, EndpointPlatform.class, FunctionPlatform.class),
  /** No instance runs while there are no requests. */
  SCALE_TO_ZERO("scales to zero", false, EndpointPlatform.class, FunctionPlatform.class),
  /** The type of machine, with its accelerators, can be chosen. */
  INSTANCE_TYPE("runs on the instance type of choice", false, EndpointPlatform.class),
  /** The container image can be chosen. */
  IMAGE("runs a container image of choice", false, EndpointPlatform.class),
  /** Environment variables reach the model's process. */
  ENVIRONMENT("sets environment variables", false, EndpointPlatform.class),
  /** A model can lie in files of this machine. */
  LOCAL_FILES(
      "serves a model in local files", false, EndpointPlatform.class, FunctionPlatform.class),
  /** Files of this machine are uploaded, so that later steps do not need them. */
  UPLOAD("uploads local files", false, EndpointPlatform.class, FunctionPlatform.class),
  /** A model of Hugging Face's hub can be deployed by its name. */
  HUGGING_FACE(
      "serves a model of Hugging Face's hub by its name",
      false,
      EndpointPlatform.class,
      FunctionPlatform.class);

  private final String meaning;
  private final boolean isOperation;

  @SuppressWarnings("ImmutableEnumChecker") // a list that List.of makes does not change
  private final List<Class<?>> types;

  Capability(String meaning, boolean isOperation, Class<?>... types) {
    this.meaning = meaning;
    this.isOperation = isOperation;
    this.types = List.of(types);
  }

  /** {@return what a platform with it does, as the predicate of a sentence} */
  public String meaning() {
    return meaning;
  }

  /** {@return whether it is an operation of a type of platform, which each platform of that type has} */
  public boolean isOperation() {
    return isOperation;
  }

  /** {@return whether a platform of a type can have it} */
  public boolean appliesTo(Class<?> type) {
    return types.stream().anyMatch(own -> own.isAssignableFrom(type));
  }
}
