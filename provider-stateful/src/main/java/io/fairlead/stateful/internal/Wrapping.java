package io.fairlead.stateful.internal;

import io.fairlead.grammar.FunctionLimits;
import io.fairlead.platform.EndpointPlatform;
import io.fairlead.platform.FunctionPlatform;
import io.fairlead.stateful.CachingPlatform;
import io.fairlead.stateful.StatefulConfig;
import io.fairlead.stateful.StatefulProvider;

/** Puts the platform {@code stateful} over others. */
public final class Wrapping {
  private Wrapping() {}

  /**
   * {@return a stateful platform over an endpoint platform}
   *
   * @param owned whether that is closed with it
   */
  public static CachingPlatform over(
      EndpointPlatform platform, StatefulConfig config, boolean owned) {
    return over(platform, config, owned, StateClock.system(StatefulProvider.ID));
  }

  static CachingPlatform over(
      EndpointPlatform platform, StatefulConfig config, boolean owned, StateClock clock) {
    return new DefaultCachingPlatform(
        new EndpointHost(platform, config.hosting(), owned, clock.time()), config, clock);
  }

  /**
   * {@return a stateful platform over a function platform}
   *
   * @param owned whether that is closed with it
   */
  public static CachingPlatform over(
      FunctionPlatform platform, StatefulConfig config, boolean owned) {
    return over(platform, config, owned, StateClock.system(StatefulProvider.ID));
  }

  static CachingPlatform over(
      FunctionPlatform platform, StatefulConfig config, boolean owned, StateClock clock) {
    FunctionLimits limits = config.functionLimits().orElse(FunctionLimits.DEFAULT);
    return new DefaultCachingPlatform(new FunctionHost(platform, limits, owned), config, clock);
  }
}
