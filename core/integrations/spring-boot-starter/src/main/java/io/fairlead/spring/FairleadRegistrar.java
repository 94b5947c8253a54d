package io.fairlead.spring;

import io.fairlead.config.ApplicationPlatforms;
import io.fairlead.config.ConfigProblems;
import io.fairlead.config.ConfigReader;
import io.fairlead.config.Declared;
import io.fairlead.config.DeclaredPlatform;
import io.fairlead.config.HealthSettings;
import io.fairlead.config.OpenPlatforms;
import io.fairlead.config.StartSettings;
import io.fairlead.grammar.Served;
import io.fairlead.platform.Platform;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.BeanFactory;
import org.springframework.beans.factory.ListableBeanFactory;
import org.springframework.beans.factory.support.AbstractBeanDefinition;
import org.springframework.beans.factory.support.BeanDefinitionBuilder;
import org.springframework.beans.factory.support.BeanDefinitionRegistry;
import org.springframework.context.annotation.ImportBeanDefinitionRegistrar;
import org.springframework.core.env.Environment;
import org.springframework.core.type.AnnotationMetadata;

/**
 * Registers a bean for each platform, endpoint and function of the configuration, after the application's own beans:
 * what the application has defined itself wins.
 */
final class FairleadRegistrar implements ImportBeanDefinitionRegistrar {
  private static final Logger LOG = LoggerFactory.getLogger(FairleadRegistrar.class);
  private static final String PLATFORMS = "fairlead.openPlatforms";

  private final Environment environment;
  private final ListableBeanFactory beans;

  FairleadRegistrar(Environment environment, BeanFactory beans) {
    this.environment = environment;
    this.beans = (ListableBeanFactory) beans;
  }

  @Override
  public void registerBeanDefinitions(
      AnnotationMetadata metadata, BeanDefinitionRegistry registry) {
    ConfigReader reader = new ConfigReader("fairlead", ConfigurationTree.of(environment));
    ConfigProblems problems = reader.problems();
    // First the application's own, which settings of the same name do not replace.
    ApplicationPlatforms all = ApplicationPlatforms.of(reader, ownPlatforms());
    Map<String, DeclaredPlatform> platforms = all.declared();
    platforms.keySet().stream()
        .filter(registry::containsBeanDefinition)
        .forEach(name -> problems.add(
            "fairlead.platforms." + name,
            "must have another name: a bean of this name is no platform"));
    List<Declared<?>> declared = reader.served(all.types());
    for (Declared<?> each : declared) {
      checkName(each, registry, platforms, problems);
    }
    StartSettings start = reader.start();
    HealthSettings health = reader.health();
    reader.isObserved();
    reader.hasProblemDetails();
    if (problems.any()) {
      // Together with those of the platforms' own settings.
      new OpenPlatforms(platforms.values(), problems).close();
    }
    all.replaced().forEach((name, own) -> {
      LOG.info(
          "Platform {} of the configuration is the application's own bean {}, of the same type.",
          name,
          own);
      registry.registerAlias(own, name);
    });
    Set<String> own = declared.stream()
        .map(Declared::name)
        .filter(registry::containsBeanDefinition)
        .collect(Collectors.toSet());
    register(
        registry,
        "fairlead.declarations",
        Declarations.class,
        () -> new Declarations(
            declared.stream()
                .map(each -> own.contains(each.name()) ? withOwnValue(each) : each)
                .toList(),
            start,
            health));
    register(
        registry,
        PLATFORMS,
        OpenPlatforms.class,
        () -> new OpenPlatforms(platforms.values(), problems));
    platforms.forEach((name, platform) -> registerPlatform(registry, name, platform.type()));
    for (Declared<?> each : declared) {
      registerValue(registry, each);
    }
  }

  /**
   * What the configuration has.
   *
   * @param all its endpoints and functions
   * @param start what is done with those that are deployed at start
   * @param health how the health is read
   */
  record Declarations(List<Declared<?>> all, StartSettings start, HealthSettings health) {
    Declarations {
      all = List.copyOf(all);
    }
  }

  /** {@return what is declared, with the value of the application's own bean of its name} */
  private <S extends Served> Declared<S> withOwnValue(Declared<S> declared) {
    return declared.withValue(beans.getBean(declared.name(), declared.type()));
  }

  private Map<String, Class<?>> ownPlatforms() {
    Map<String, Class<?>> own = new LinkedHashMap<>();
    for (String name : beans.getBeanNamesForType(Platform.class, true, false)) {
      own.put(name, type(name));
    }
    return own;
  }

  private Class<?> type(String bean) {
    Class<?> type = beans.getType(bean, false);
    return type == null ? Platform.class : type;
  }

  private void checkName(
      Declared<?> declared,
      BeanDefinitionRegistry registry,
      Map<String, DeclaredPlatform> platforms,
      ConfigProblems problems) {
    String property = "fairlead."
        + (declared.type().getSimpleName().equals("Endpoint") ? "endpoints." : "functions.")
        + declared.name();
    boolean taken = registry.containsBeanDefinition(declared.name())
        && !declared.type().isAssignableFrom(type(declared.name()));
    if (taken || platforms.containsKey(declared.name())) {
      problems.add(
          property,
          "must have another name: "
              + (taken ? "a bean of another type has it" : "a platform has it"));
    }
  }

  private static <T> void register(
      BeanDefinitionRegistry registry, String name, Class<T> type, Supplier<T> value) {
    AbstractBeanDefinition definition =
        BeanDefinitionBuilder.rootBeanDefinition(type, value).getBeanDefinition();
    // A mistake is reported at the start even if beans are initialized lazily.
    definition.setLazyInit(false);
    registry.registerBeanDefinition(name, definition);
  }

  private <T extends Platform<?>> void registerPlatform(
      BeanDefinitionRegistry registry, String name, Class<T> type) {
    AbstractBeanDefinition definition = BeanDefinitionBuilder.rootBeanDefinition(
            type, () -> type.cast(beans.getBean(OpenPlatforms.class).get(name)))
        .addDependsOn(PLATFORMS)
        .getBeanDefinition();
    definition.setDestroyMethodName("close");
    registry.registerBeanDefinition(name, definition);
  }

  private static <S extends Served> void registerValue(
      BeanDefinitionRegistry registry, Declared<S> declared) {
    if (!registry.containsBeanDefinition(declared.name())) {
      registry.registerBeanDefinition(
          declared.name(),
          BeanDefinitionBuilder.rootBeanDefinition(declared.type(), declared::value)
              .getBeanDefinition());
    }
  }
}
