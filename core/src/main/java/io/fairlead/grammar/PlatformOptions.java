package io.fairlead.grammar;

/**
 * Options that one platform alone has for a part of the grammar; their types are in that platform's module.
 *
 * <p>An option type implements the interface of each part that it belongs to, such as {@link RuntimeOptions}, and can be
 * added to no other. A platform applies the options that carry its id, refuses those that it does not know, and ignores
 * other platforms', so that one description may carry options for several platforms.
 */
public sealed interface PlatformOptions
    permits ArtifactOptions,
        DependencyOptions,
        RequestOptions,
        RoutingOptions,
        RuntimeOptions,
        ScalingOptions {
  /** {@return the id of the platform these options are for, such as {@code sagemaker}} */
  String platform();
}
