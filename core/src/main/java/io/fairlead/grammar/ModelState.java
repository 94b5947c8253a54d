package io.fairlead.grammar;

import static java.util.Objects.requireNonNull;

import java.util.regex.Pattern;

/**
 * The state of a stateful model: {@code ModelState ::= (cache, warm_weights, dynamic_config)}.
 *
 * @param cache the cache of its answers
 * @param warmWeights the weights that are loaded
 * @param dynamicConfig what it observes and tunes by itself
 */
public record ModelState(Cache cache, WarmWeights warmWeights, DynamicConfig dynamicConfig) {
  /** The state of a model that was never loaded and has an empty cache. */
  public static final ModelState COLD =
      new ModelState(new Cache("", 0), new WarmWeights(""), DynamicConfig.OFF);

  /**
   * The cache of a model's answers.
   *
   * @param snapshot the id of the stored snapshot that it was initialized from; empty if it started empty
   * @param epoch the number of times that the state was replaced, from 0; an update of an older epoch is refused
   */
  public record Cache(String snapshot, long epoch) {
    public Cache {
      requireNonNull(snapshot, "snapshot");
      Problems.in("Cache")
          .check(epoch >= 0, "epoch", "must be 0 or more", epoch)
          .throwIfAny();
    }
  }

  /**
   * The weights that are loaded.
   *
   * @param digest what is stated of the weights beyond what the platform sees: SHA-256, in 64 lowercase hexadecimal digits;
   *     empty if nothing is
   */
  public record WarmWeights(String digest) {
    private static final Pattern SHA_256 = Pattern.compile("[0-9a-f]{64}");

    public WarmWeights {
      requireNonNull(digest, "digest");
      Problems.in("WarmWeights")
          .check(
              digest.isEmpty() || SHA_256.matcher(digest).matches(),
              "digest",
              "must be 64 lowercase hexadecimal digits, or empty",
              digest)
          .throwIfAny();
    }
  }

  /**
   * The settings of what a model observes and tunes by itself.
   *
   * @param featureImportanceTracking whether it measures which inputs its answers depend on
   * @param automaticCacheTuning whether it tunes its cache to the requests
   */
  public record DynamicConfig(boolean featureImportanceTracking, boolean automaticCacheTuning) {
    /** Nothing is observed and tuned. */
    public static final DynamicConfig OFF = new DynamicConfig(false, false);
  }

  public ModelState {
    requireNonNull(cache, "cache");
    requireNonNull(warmWeights, "warmWeights");
    requireNonNull(dynamicConfig, "dynamicConfig");
  }

  /** {@return the number of times that the state was replaced} */
  public long epoch() {
    return cache.epoch();
  }

  /** {@return the state to replace this one with: the same, one epoch later} */
  public ModelState next() {
    return new ModelState(new Cache(cache.snapshot(), epoch() + 1), warmWeights, dynamicConfig);
  }

  /**
   * {@return a copy for other weights}
   *
   * @param digest SHA-256 of the weights, in 64 lowercase hexadecimal digits; empty if what the platform sees of them is
   *     enough
   */
  public ModelState withDigest(String digest) {
    return new ModelState(cache, new WarmWeights(digest), dynamicConfig);
  }

  public ModelState with(DynamicConfig newDynamicConfig) {
    return new ModelState(cache, warmWeights, newDynamicConfig);
  }
}
