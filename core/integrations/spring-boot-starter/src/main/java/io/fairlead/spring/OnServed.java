package io.fairlead.spring;

import java.util.Map;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.context.annotation.Condition;
import org.springframework.context.annotation.ConditionContext;
import org.springframework.core.type.AnnotatedTypeMetadata;

/** The condition that an endpoint or a function is configured: without one there is no health to tell. */
final class OnServed implements Condition {
  @Override
  public boolean matches(ConditionContext context, AnnotatedTypeMetadata metadata) {
    Binder binder = Binder.get(context.getEnvironment());
    Bindable<Map<String, Object>> any = Bindable.mapOf(String.class, Object.class);
    return binder.bind("fairlead.endpoints", any).isBound()
        || binder.bind("fairlead.functions", any).isBound();
  }
}
