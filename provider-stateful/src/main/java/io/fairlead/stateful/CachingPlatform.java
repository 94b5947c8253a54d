package io.fairlead.stateful;

import io.fairlead.grammar.StatefulContainer;
import io.fairlead.platform.StatefulPlatform;
import java.util.List;
import java.util.function.Consumer;

/** The platform {@code stateful}: a stateful platform that tells what its caches do and decide. */
public interface CachingPlatform extends StatefulPlatform {
  /**
   * {@return what the cache of a container did so far}
   *
   * @throws io.fairlead.error.ServingException of kind {@code NOT_FOUND} if it is not deployed or attached
   */
  CacheStatistics statistics(StatefulContainer container);

  /**
   * {@return how much the model's answers depend on each feature, in the order of the features; empty if that is not
   * measured, or not yet}
   *
   * @throws io.fairlead.error.ServingException of kind {@code NOT_FOUND} if it is not deployed or attached
   */
  List<FeatureImportance> importance(StatefulContainer container);

  /**
   * Adds a listener that receives each decision that is made from now on, on the thread that makes it: a listener must
   * be quick. What it throws is logged and ignored.
   */
  void onEvent(Consumer<? super CacheEvent> listener);
}
