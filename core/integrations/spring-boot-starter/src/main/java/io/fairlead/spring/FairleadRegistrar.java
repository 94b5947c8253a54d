package io.fairlead.spring;

import io.fairlead.grammar.Served;
import io.fairlead.platform.Platform;
import io.fairlead.platform.Platforms;
import io.fairlead.provider.ClassLoaders;
import io.fairlead.provider.Services;
import io.fairlead.spi.PlatformProvider;
import io.fairlead.spring.FairleadProperties.PlatformProperties;
import io.fairlead.spring.OpenPlatforms.Opening;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.TreeMap;
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
    PropertyProblems problems = new PropertyProblems(environment);
    FairleadProperties properties = PropertiesReader.read(environment, problems);
    // First the application's own, which settings of the same name do not replace.
    Map<String, Class<?>> types = ownPlatforms();
    Map<String, String> aliases = new LinkedHashMap<>();
    Map<String, Opening> openings =
        openings(properties.platforms(), types, aliases, registry, problems);
    aliases.forEach((name, own) -> types.put(name, type(own)));
    Map<String, Class<?>> choices = new LinkedHashMap<>(types);
    // Under two names it would look like two.
    choices.keySet().removeAll(aliases.values());
    openings.forEach((name, opening) -> choices.put(name, opening.type()));
    unknown(properties.platforms(), openings, aliases, choices);
    List<Declared<?>> declared = new ServedReader(choices, problems).read(properties);
    for (Declared<?> each : declared) {
      checkName(each, registry, openings, problems);
    }
    if (problems.any()) {
      // Together with those of the platforms' own settings.
      new OpenPlatforms(openings, problems).close();
    }
    aliases.forEach((name, own) -> {
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
            properties,
            declared.stream()
                .map(each -> own.contains(each.name()) ? withOwnValue(each) : each)
                .toList()));
    register(registry, PLATFORMS, OpenPlatforms.class, () -> new OpenPlatforms(openings, problems));
    openings.forEach((name, opening) -> registerPlatform(registry, name, opening.type()));
    for (Declared<?> each : declared) {
      registerValue(registry, each);
    }
  }

  /**
   * What the configuration has.
   *
   * @param all its endpoints and functions
   */
  record Declarations(FairleadProperties properties, List<Declared<?>> all) {
    Declarations {
      all = List.copyOf(all);
    }
  }

  /** {@return what is declared, with the value of the application's own bean of its name} */
  private <S extends Served> Declared<S> withOwnValue(Declared<S> declared) {
    return new Declared<>(
        declared.name(),
        declared.platform(),
        declared.type(),
        beans.getBean(declared.name(), declared.type()),
        declared.deployAtStart());
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

  /** A name that is wrong is one problem, and no second one where it is used. */
  private static void unknown(
      Map<String, PlatformProperties> given,
      Map<String, Opening> openings,
      Map<String, String> aliases,
      Map<String, Class<?>> choices) {
    given.keySet().stream()
        .filter(name -> !openings.containsKey(name) && !aliases.containsKey(name))
        .forEach(name -> choices.putIfAbsent(name, Platform.class));
  }

  private static Map<String, Opening> openings(
      Map<String, PlatformProperties> given,
      Map<String, Class<?>> own,
      Map<String, String> aliases,
      BeanDefinitionRegistry registry,
      PropertyProblems problems) {
    Map<String, Class<? extends Platform<?>>> providers = providers();
    Map<String, Opening> openings = new LinkedHashMap<>();
    given.forEach((name, properties) -> {
      String id = properties.id() == null ? name : properties.id();
      Class<? extends Platform<?>> type = providers.get(id);
      if (own.containsKey(name)) {
        return;
      }
      if (registry.containsBeanDefinition(name)) {
        problems.add(
            "fairlead.platforms." + name,
            "must have another name: a bean of this name is no platform");
      } else if (type == null) {
        problems.add(
            "fairlead.platforms." + name + (properties.id() == null ? "" : ".id"),
            "must be the id of a platform"
                + Nearest.question(id, providers.keySet()).orElseGet(() -> ": " + sentence(id)),
            id);
      } else {
        openings.put(name, new Opening(id, type, properties));
      }
    });
    own.forEach((bean, type) -> {
      List<String> replaced = openings.entrySet().stream()
          .filter(each -> areOne(type, each.getValue().type()))
          .map(Map.Entry::getKey)
          .toList();
      // Of several nobody knows which one is meant.
      if (replaced.size() == 1 && !given.containsKey(bean)) {
        openings.remove(replaced.get(0));
        aliases.put(replaced.get(0), bean);
      }
    });
    return openings;
  }

  /** A bean of a type of its own, such as that of another provider, is none of a more general type. */
  private static boolean areOne(Class<?> own, Class<?> provided) {
    return own != Platform.class && own.isAssignableFrom(provided);
  }

  /** {@return what the library says of an id that no provider has} */
  @SuppressWarnings({"unchecked", "rawtypes"}) // A class has no type arguments.
  private static String sentence(String id) {
    try {
      Platforms.open(id, (Class<Platform<?>>) (Class) Platform.class).close();
      return "";
    } catch (RuntimeException e) {
      return String.valueOf(e.getMessage());
    }
  }

  @SuppressWarnings({"rawtypes", "unchecked"}) // A class has no type arguments.
  private static Map<String, Class<? extends Platform<?>>> providers() {
    Map<String, Class<? extends Platform<?>>> types = new TreeMap<>();
    for (PlatformProvider provider : Services.of(
            ServiceLoader.load(PlatformProvider.class, ClassLoaders.ofThread(Platforms.class)))
        .found()) {
      types.put(provider.id(), provider.type());
    }
    return types;
  }

  private void checkName(
      Declared<?> declared,
      BeanDefinitionRegistry registry,
      Map<String, Opening> openings,
      PropertyProblems problems) {
    String property = "fairlead."
        + (declared.type().getSimpleName().equals("Endpoint") ? "endpoints." : "functions.")
        + declared.name();
    boolean taken = registry.containsBeanDefinition(declared.name())
        && !declared.type().isAssignableFrom(type(declared.name()));
    if (taken || openings.containsKey(declared.name())) {
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
