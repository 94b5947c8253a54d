package io.fairlead.spring;

import io.fairlead.platform.Platform;
import io.micrometer.core.instrument.MeterRegistry;
import java.lang.reflect.Modifier;
import java.lang.reflect.Proxy;
import java.util.Arrays;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.beans.factory.support.RootBeanDefinition;
import org.springframework.util.ClassUtils;

/** Puts {@link ObservedPlatform} in front of each bean that is a platform and is asked for by an interface. */
final class ObservingPostProcessor implements BeanPostProcessor {
  private final ConfigurableListableBeanFactory beans;
  private final ObjectProvider<MeterRegistry> registry;

  ObservingPostProcessor(
      ConfigurableListableBeanFactory beans, ObjectProvider<MeterRegistry> registry) {
    this.beans = beans;
    this.registry = registry;
  }

  @Override
  public Object postProcessAfterInitialization(Object bean, String name) {
    if (!(bean instanceof Platform<?> platform) || !isAskedForByInterface(name)) {
      return bean;
    }
    Class<?>[] interfaces = Arrays.stream(ClassUtils.getAllInterfacesForClass(bean.getClass()))
        .filter(each -> Modifier.isPublic(each.getModifiers()))
        .toArray(Class<?>[]::new);
    return Proxy.newProxyInstance(
        bean.getClass().getClassLoader(),
        interfaces,
        new ObservedPlatform(platform, name, registry::getIfUnique));
  }

  /** Whoever asks for a class of its own cannot be given another. */
  private boolean isAskedForByInterface(String name) {
    if (!beans.containsBeanDefinition(name)
        || !(beans.getMergedBeanDefinition(name) instanceof RootBeanDefinition definition)) {
      return false;
    }
    Class<?> declared = definition.getResolvableType().resolve();
    return declared != null && declared.isInterface();
  }
}
