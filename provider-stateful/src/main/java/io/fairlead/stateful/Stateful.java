package io.fairlead.stateful;

import io.fairlead.grammar.FunctionLimits;
import io.fairlead.platform.EndpointPlatform;
import io.fairlead.platform.FunctionPlatform;
import io.fairlead.stateful.internal.Wrapping;

/**
 * Opens the platform {@code stateful} over a platform that is open already.
 *
 * <pre>{@code
 * CachingPlatform stateful = Stateful.over(cloud);
 * StatefulContainer container = stateful.attach(endpoint, policy).await(limit);
 * Response answer = stateful.cacheForward(container, request);
 * }</pre>
 *
 * <p>The platform that is wrapped is not closed with the one over it.
 */
public final class Stateful {
  private Stateful() {}

  /** {@return a platform that attaches to endpoints, and deploys none} */
  public static CachingPlatform over(EndpointPlatform platform) {
    return over(platform, StatefulConfig.DEFAULT);
  }

  /** {@return a platform that attaches to endpoints, and deploys models as variants with what is given} */
  public static CachingPlatform over(EndpointPlatform platform, Hosting hosting) {
    return over(platform, StatefulConfig.DEFAULT.withHosting(hosting));
  }

  public static CachingPlatform over(EndpointPlatform platform, StatefulConfig config) {
    return Wrapping.over(platform, config, false);
  }

  /** {@return a platform that attaches to functions, and deploys models as functions with default limits} */
  public static CachingPlatform over(FunctionPlatform platform) {
    return over(platform, StatefulConfig.DEFAULT);
  }

  /** {@return a platform that attaches to functions, and deploys models as functions with these limits} */
  public static CachingPlatform over(FunctionPlatform platform, FunctionLimits limits) {
    return over(platform, StatefulConfig.DEFAULT.withFunctionLimits(limits));
  }

  public static CachingPlatform over(FunctionPlatform platform, StatefulConfig config) {
    return Wrapping.over(platform, config, false);
  }
}
