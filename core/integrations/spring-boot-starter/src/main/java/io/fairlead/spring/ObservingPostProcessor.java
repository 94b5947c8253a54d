package io.fairlead.spring;

import io.fairlead.platform.Platform;
import io.fairlead.platform.PlatformListener;
import io.fairlead.platform.Platforms;
import java.lang.reflect.Modifier;
import java.util.Arrays;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.beans.factory.support.RootBeanDefinition;
import org.springframework.util.ClassUtils;

/** Puts a listener in front of each bean that is a platform and is asked for by an interface. */
final class ObservingPostProcessor implements BeanPostProcessor {
  private final ConfigurableListableBeanFactory beans;
  private final PlatformListener listener;

  ObservingPostProcessor(ConfigurableListableBeanFactory beans, PlatformListener listener) {
    this.beans = beans;
    this.listener = listener;
  }

  @Override
  public Object postProcessAfterInitialization(Object bean, String name) {
    if (!(bean instanceof Platform<?> platform)) {
      return bean;
    }
    Class<?>[] interfaces = Arrays.stream(ClassUtils.getAllInterfacesForClass(bean.getClass()))
        .filter(each -> Modifier.isPublic(each.getModifiers()))
        .toArray(Class<?>[]::new);
    // Whoever asks for a class, or for an interface that is not public, cannot be given another
    // object.
    if (Arrays.stream(interfaces).noneMatch(declared(name)::isAssignableFrom)) {
      return bean;
    }
    return Platforms.observed(platform, name, listener, Platform.class);
  }

  /** {@return the type by which a bean is known; if that is unknown, one that no platform has} */
  private Class<?> declared(String name) {
    Class<?> declared = beans.containsBeanDefinition(name)
            && beans.getMergedBeanDefinition(name) instanceof RootBeanDefinition definition
        ? definition.getResolvableType().resolve()
        : null;
    return declared == null ? Void.class : declared;
  }
}
