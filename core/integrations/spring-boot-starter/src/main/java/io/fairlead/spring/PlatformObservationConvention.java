package io.fairlead.spring;

import io.micrometer.common.KeyValues;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationConvention;

/**
 * The keys of observed invocations and operations, and the names of their spans; a bean of a subclass replaces it.
 *
 * <p>All keys have few values: the names are those of what an application serves.
 */
public class PlatformObservationConvention
    implements ObservationConvention<PlatformObservationContext> {
  static final String NONE = "none";

  /** Creates the convention. */
  public PlatformObservationConvention() {}

  @Override
  public boolean supportsContext(Observation.Context context) {
    return context instanceof PlatformObservationContext;
  }

  /** {@return the name of a span, such as {@code invoke ask}} */
  @Override
  public String getContextualName(PlatformObservationContext context) {
    String name = context.call().name();
    return context.call().verb() + (name.isEmpty() ? "" : " " + name);
  }

  /** {@return the platform, the verb of an operation, the name, the variant and the outcome} */
  @Override
  public KeyValues getLowCardinalityKeyValues(PlatformObservationContext context) {
    String name = context.call().name();
    KeyValues values = KeyValues.of(
        "platform", context.call().platform(),
        "name", name.isEmpty() ? NONE : name,
        "variant", context.variant().orElse(NONE),
        "outcome", context.outcome());
    return context.call().isInvocation()
        ? values
        : values.and("verb", context.call().verb());
  }
}
