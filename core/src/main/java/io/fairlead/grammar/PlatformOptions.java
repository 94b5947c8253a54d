package io.fairlead.grammar;

/**
 * An option that only one platform has, for a part of the grammar; its type is in that platform's module.
 *
 * <p>An option type implements the interface of each part that it belongs to, such as {@link RuntimeOptions}, and can
 * be added to no other. A platform applies the options with its id, refuses those of them that it does not know, and
 * ignores those of other platforms, so that one description may have options for several platforms.
 */
public sealed interface PlatformOptions
    permits ArtifactOptions,
        DependencyOptions,
        RequestOptions,
        RoutingOptions,
        RuntimeOptions,
        ScalingOptions {
  /** {@return the id of the platform that this option is for, such as {@code sagemaker}} */
  String platform();
}
