package io.fairlead.spring;

import io.fairlead.grammar.ColdStart;
import io.fairlead.grammar.ModelTask;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;

/**
 * The properties of an application below {@code fairlead}, for the metadata that IDEs complete from; {@code
 * ConfigReader} is what reads them.
 *
 * @param platforms Platforms by name: the name of the platform's bean.
 * @param endpoints Endpoints by public name, which is the name of the endpoint's bean, too.
 * @param functions Functions by name, which is the name of the function's bean, too.
 * @param start What deploy-at-start does.
 * @param health The health of the platforms that serve the endpoints and functions.
 * @param observations Observations of invocations and operations.
 * @param problemDetails Answers over HTTP to requests at which a platform failed.
 */
@ConfigurationProperties("fairlead")
record FairleadProperties(
    Map<String, PlatformProperties> platforms,
    Map<String, EndpointProperties> endpoints,
    Map<String, FunctionProperties> functions,
    @DefaultValue StartProperties start,
    @DefaultValue HealthProperties health,
    @DefaultValue ObservationsProperties observations,
    @DefaultValue ProblemDetailsProperties problemDetails) {
  /**
   * A platform.
   *
   * @param id The platform's id, such as local or sagemaker. By default the name.
   * @param settings The platform's own settings, such as region.
   */
  record PlatformProperties(@Nullable String id, Map<String, String> settings) {}

  /**
   * An endpoint.
   *
   * @param platform The name of the platform that serves it. By default the only one that serves endpoints.
   * @param model The model: a location such as classpath:iris.onnx or s3://models/bert, a path that starts with / or
   *     ./, or the id of a model of the Hugging Face hub, org/name.
   * @param code The location of the code that runs the model, if it is not the model's.
   * @param framework The model's framework, such as onnx or huggingface.
   * @param frameworkVersion The framework's version, such as 4.37.
   * @param task What the model is for, where the platform chooses the container of a model of a hub by it.
   * @param variant The variant.
   * @param instances The number of instances, or the initial one where min and max are given. By default 1.
   * @param min The minimum number of instances. By default as many as there are.
   * @param max The maximum number of instances. By default as many as there are.
   * @param instanceType The platform's name of the machine type, where there is a choice.
   * @param image The container image, where the platform does not choose it.
   * @param environment Environment variables of the container.
   * @param packages Packages that the model's code needs, as pip names them.
   * @param labels Labels of the model, by name.
   * @param options What one platform alone has, by its id and option.
   * @param deployAtStart Whether it is deployed when the application starts.
   */
  record EndpointProperties(
      @Nullable String platform,
      @Nullable String model,
      @Nullable String code,
      @Nullable String framework,
      @Nullable String frameworkVersion,
      @Nullable ModelTask task,
      @DefaultValue("blue") String variant,
      @Nullable Integer instances,
      @Nullable Integer min,
      @Nullable Integer max,
      @Nullable String instanceType,
      @Nullable String image,
      Map<String, String> environment,
      List<String> packages,
      Map<String, String> labels,
      Map<String, Map<String, Object>> options,
      @DefaultValue("false") boolean deployAtStart) {}

  /**
   * A function.
   *
   * @param platform The name of the platform that serves it. By default the only one that serves functions.
   * @param model The model: a location such as classpath:iris.onnx, a path that starts with / or ./, or the id of a
   *     model of the Hugging Face hub, org/name.
   * @param code The location of the code that runs the model, if it is not the model's.
   * @param framework The model's framework, such as onnx or huggingface.
   * @param frameworkVersion The framework's version, such as 4.37.
   * @param task What the model is for, where the platform chooses the container of a model of a hub by it.
   * @param memory The memory of one instance, such as 512MB. By default by the model.
   * @param timeout The longest that an invocation may take, its time in the queue included. By default 60s.
   * @param maxConcurrent The most concurrent invocations. By default 100.
   * @param idleTimeout The time without an invocation after which the last instance stops. By default 10m.
   * @param coldStart When the model is loaded: lazy or eager. By default lazy.
   * @param labels Labels of the model, by name.
   * @param options What one platform alone has, by its id and option.
   * @param deployAtStart Whether it is deployed when the application starts.
   */
  record FunctionProperties(
      @Nullable String platform,
      @Nullable String model,
      @Nullable String code,
      @Nullable String framework,
      @Nullable String frameworkVersion,
      @Nullable ModelTask task,
      @Nullable DataSize memory,
      @Nullable Duration timeout,
      @Nullable Integer maxConcurrent,
      @Nullable Duration idleTimeout,
      @Nullable ColdStart coldStart,
      Map<String, String> labels,
      Map<String, Map<String, Object>> options,
      @DefaultValue("false") boolean deployAtStart) {}

  /**
   * What deploy-at-start does.
   *
   * @param limit The longest that the application waits, before it is ready, for what is deployed at start.
   * @param onFailure What happens if it cannot be deployed: the start fails, or the health is DOWN.
   */
  record StartProperties(
      @DefaultValue("30m") Duration limit,
      @DefaultValue("fail") OnFailure onFailure) {
    /** What happens if something cannot be deployed at start. */
    enum OnFailure {
      /** The application does not start. */
      FAIL,
      /** The application starts, and its health is DOWN. */
      DOWN
    }
  }

  /**
   * The health of the platforms.
   *
   * @param interval The shortest time between two looks at what is deployed; between them the health is the last one.
   * @param limit The longest that a request for the health waits for a platform.
   */
  record HealthProperties(
      @DefaultValue("10s") Duration interval,
      @DefaultValue("2s") Duration limit) {}

  /**
   * Observations of invocations and operations.
   *
   * @param enabled Whether invocations and operations are observed, where there is a registry of observations.
   */
  record ObservationsProperties(@DefaultValue("true") boolean enabled) {}

  /**
   * Answers over HTTP to requests at which a platform failed.
   *
   * @param enabled Whether the failure of a platform that a controller does not handle is answered as a problem detail.
   */
  record ProblemDetailsProperties(@DefaultValue("true") boolean enabled) {}
}
