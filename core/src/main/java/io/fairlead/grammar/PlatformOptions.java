package io.fairlead.grammar;

/**
 * What one platform alone knows about a part of the grammar, as a record in that platform's module.
 *
 * <p>A platform applies the options that carry its id, refuses those it does not know, and leaves others' alone, so
 * that one description may carry options for several platforms.
 */
public interface PlatformOptions {
  /** {@return the id of the platform these options are for, such as {@code sagemaker}} */
  String platform();
}
