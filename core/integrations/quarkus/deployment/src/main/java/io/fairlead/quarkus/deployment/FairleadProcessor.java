package io.fairlead.quarkus.deployment;

import io.fairlead.config.ApplicationPlatforms;
import io.fairlead.config.ConfigProblems;
import io.fairlead.config.ConfigReader;
import io.fairlead.config.InvalidConfigurationException;
import io.fairlead.config.PlatformsHealth;
import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.ModelFunction;
import io.fairlead.platform.Platform;
import io.fairlead.quarkus.runtime.Application;
import io.fairlead.quarkus.runtime.BuiltFor;
import io.fairlead.quarkus.runtime.Configuration;
import io.fairlead.quarkus.runtime.FairleadReadiness;
import io.fairlead.quarkus.runtime.FairleadRecorder;
import io.fairlead.quarkus.runtime.Mistakes;
import io.quarkus.arc.deployment.BeanDiscoveryFinishedBuildItem;
import io.quarkus.arc.deployment.SyntheticBeanBuildItem;
import io.quarkus.arc.deployment.SyntheticBeansRuntimeInitBuildItem;
import io.quarkus.arc.deployment.UnremovableBeanBuildItem;
import io.quarkus.arc.processor.BeanInfo;
import io.quarkus.deployment.annotations.BuildProducer;
import io.quarkus.deployment.annotations.BuildStep;
import io.quarkus.deployment.annotations.Consume;
import io.quarkus.deployment.annotations.ExecutionTime;
import io.quarkus.deployment.annotations.Produce;
import io.quarkus.deployment.annotations.Record;
import io.quarkus.deployment.builditem.FeatureBuildItem;
import io.quarkus.deployment.builditem.ServiceStartBuildItem;
import io.quarkus.deployment.builditem.ShutdownContextBuildItem;
import io.quarkus.deployment.metrics.MetricsCapabilityBuildItem;
import io.quarkus.deployment.metrics.MetricsFactoryConsumerBuildItem;
import io.quarkus.deployment.pkg.NativeConfig;
import io.quarkus.deployment.pkg.builditem.ArtifactResultBuildItem;
import io.quarkus.runtime.RuntimeValue;
import io.quarkus.runtime.configuration.ConfigurationException;
import io.quarkus.runtime.metrics.MetricsFactory;
import io.quarkus.smallrye.health.deployment.spi.HealthBuildItem;
import io.smallrye.config.SmallRyeConfig;
import jakarta.enterprise.inject.Default;
import jakarta.inject.Singleton;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.eclipse.microprofile.config.ConfigProvider;
import org.jboss.jandex.ClassType;
import org.jboss.jandex.DotName;

/** Makes a bean of each platform, endpoint and function that is in the configuration when an application is built. */
public final class FairleadProcessor {
  private static final DotName PLATFORM = DotName.createSimple(Platform.class);

  /** Creates the build steps; Quarkus does. */
  public FairleadProcessor() {}

  @BuildStep
  FeatureBuildItem feature() {
    return new FeatureBuildItem("fairlead");
  }

  @BuildStep(onlyIf = IsNative.class)
  @Produce(ArtifactResultBuildItem.class)
  @SuppressWarnings("DoNotCallSuggester") // Quarkus calls it.
  void refuseNative() {
    throw new ConfigurationException(
        "Fairlead does not run in a native image: build a JVM's package, such as the"
            + " fast-jar. See docs/quarkus.md.");
  }

  /** Whether a native image is built, or its sources. */
  static final class IsNative implements BooleanSupplier {
    private final NativeConfig config;

    IsNative(NativeConfig config) {
      this.config = config;
    }

    @Override
    public boolean getAsBoolean() {
      return config.enabled() || config.sourcesOnly();
    }
  }

  @BuildStep
  @Record(ExecutionTime.RUNTIME_INIT)
  ApplicationBuildItem beans(
      FairleadRecorder recorder,
      BeanDiscoveryFinishedBuildItem discovered,
      Optional<MetricsCapabilityBuildItem> metrics,
      ShutdownContextBuildItem shutdown,
      BuildProducer<SyntheticBeanBuildItem> beans,
      BuildProducer<UnremovableBeanBuildItem> unremovable) {
    ConfigReader reader =
        Configuration.readNames(ConfigProvider.getConfig().unwrap(SmallRyeConfig.class));
    Map<String, Class<?>> own = new TreeMap<>();
    Map<String, String> identifiers = new TreeMap<>();
    discovered.beanStream().filter(FairleadProcessor::isPlatform).forEach(bean -> {
      own.put(nameOf(bean), loaded(bean.getProviderType().name()));
      identifiers.put(nameOf(bean), bean.getIdentifier());
    });
    ApplicationPlatforms all = ApplicationPlatforms.of(reader, own);
    check(reader, all, discovered);

    Map<String, String> platforms = new LinkedHashMap<>();
    all.declared()
        .forEach((name, platform) -> platforms.put(name, platform.type().getName()));
    RuntimeValue<Application> application = recorder.open(
        new BuiltFor(
            platforms,
            List.copyOf(reader.endpointNames()),
            List.copyOf(reader.functionNames()),
            namesOf(own),
            identifiers,
            metrics
                .map(each -> each.metricsSupported(MetricsFactory.MICROMETER))
                .orElse(false)),
        shutdown);
    all.declared()
        .forEach((name, platform) ->
            beans.produce(named(name, platform.type(), recorder.platform(application, name))));
    reader
        .endpointNames()
        .forEach(
            name -> beans.produce(named(name, Endpoint.class, recorder.value(application, name))));
    reader
        .functionNames()
        .forEach(name ->
            beans.produce(named(name, ModelFunction.class, recorder.value(application, name))));
    beans.produce(SyntheticBeanBuildItem.configure(PlatformsHealth.class)
        .scope(Singleton.class)
        .setRuntimeInit()
        .supplier(recorder.health(application))
        .done());
    // They are found by their identifiers, too.
    unremovable.produce(
        new UnremovableBeanBuildItem(bean -> identifiers.containsValue(bean.getIdentifier())));
    return new ApplicationBuildItem(application);
  }

  /** Before the application's own start, and before its web server listens. */
  @BuildStep
  @Record(ExecutionTime.RUNTIME_INIT)
  @Consume(SyntheticBeansRuntimeInitBuildItem.class)
  ServiceStartBuildItem deploy(FairleadRecorder recorder, ApplicationBuildItem application) {
    recorder.deploy(application.value());
    return new ServiceStartBuildItem("fairlead");
  }

  @BuildStep
  @Record(ExecutionTime.RUNTIME_INIT)
  MetricsFactoryConsumerBuildItem meters(
      FairleadRecorder recorder, ApplicationBuildItem application) {
    return new MetricsFactoryConsumerBuildItem(
        recorder.metersAreReady(application.value()), ExecutionTime.RUNTIME_INIT);
  }

  @BuildStep
  void readiness(BuildProducer<HealthBuildItem> checks) {
    ConfigReader reader =
        Configuration.readNames(ConfigProvider.getConfig().unwrap(SmallRyeConfig.class));
    // Without an endpoint or function there is nothing to tell.
    if (!reader.endpointNames().isEmpty() || !reader.functionNames().isEmpty()) {
      checks.produce(new HealthBuildItem(FairleadReadiness.class.getName(), true));
    }
  }

  private static void check(
      ConfigReader reader, ApplicationPlatforms all, BeanDiscoveryFinishedBuildItem discovered) {
    ConfigProblems problems = reader.problems();
    List<String> taken = discovered.beanStream().stream()
        .map(BeanInfo::getName)
        .filter(Objects::nonNull)
        .toList();
    Map<String, Iterable<String>> made = new LinkedHashMap<>();
    made.put("fairlead.platforms.", all.declared().keySet());
    made.put("fairlead.endpoints.", reader.endpointNames());
    made.put("fairlead.functions.", reader.functionNames());
    Map<String, String> first = new TreeMap<>();
    made.forEach((group, names) -> names.forEach(name -> {
      String other = first.putIfAbsent(name, group + name);
      if (other != null) {
        problems.add(group + name, "must have another name: " + other + " has it");
      } else if (taken.contains(name)) {
        problems.add(group + name, "must have another name: a bean of the application has it");
      }
    }));
    try {
      problems.throwIfAny();
    } catch (InvalidConfigurationException e) {
      throw Mistakes.of(e);
    }
  }

  private static boolean isPlatform(BeanInfo bean) {
    return !bean.isSynthetic()
        && bean.getTypes().stream().anyMatch(type -> type.name().equals(PLATFORM));
  }

  /** {@return the name of a bean; if it has none, that which CDI would give it} */
  private static String nameOf(BeanInfo bean) {
    if (bean.getName() != null) {
      return bean.getName();
    }
    return bean.getTarget()
        .map(target -> switch (target.kind()) {
          case METHOD -> target.asMethod().name();
          case FIELD -> target.asField().name();
          default -> uncapitalized(target.asClass().simpleName());
        })
        .orElse(bean.getIdentifier());
  }

  private static String uncapitalized(String name) {
    return Character.toLowerCase(name.charAt(0)) + name.substring(1);
  }

  private static Map<String, String> namesOf(Map<String, Class<?>> types) {
    Map<String, String> names = new TreeMap<>();
    types.forEach((name, type) -> names.put(name, type.getName()));
    return names;
  }

  private static SyntheticBeanBuildItem named(String name, Class<?> type, Supplier<?> value) {
    return SyntheticBeanBuildItem.configure(type)
        .types(types(type).toArray(org.jboss.jandex.Type[]::new))
        .named(name)
        .addQualifier(Default.class)
        .scope(Singleton.class)
        .unremovable()
        .setRuntimeInit()
        .supplier(value)
        .done();
  }

  /** {@return a type and the interfaces that it has} */
  private static Stream<org.jboss.jandex.Type> types(Type type) {
    Class<?> raw = (Class<?>) (type instanceof ParameterizedType of ? of.getRawType() : type);
    return Stream.concat(
        Stream.of(jandex(type)),
        Arrays.stream(raw.getGenericInterfaces())
            .filter(each -> !each.equals(AutoCloseable.class))
            .flatMap(FairleadProcessor::types));
  }

  private static org.jboss.jandex.Type jandex(Type type) {
    if (type instanceof ParameterizedType of) {
      return org.jboss.jandex.ParameterizedType.create(
          DotName.createSimple(of.getRawType().getTypeName()),
          Arrays.stream(of.getActualTypeArguments())
              .map(FairleadProcessor::jandex)
              .toArray(org.jboss.jandex.Type[]::new),
          null);
    }
    return ClassType.create(DotName.createSimple(((Class<?>) type).getName()));
  }

  private static Class<?> loaded(DotName type) {
    try {
      return Class.forName(type.toString(), false, Thread.currentThread().getContextClassLoader());
    } catch (ClassNotFoundException e) {
      throw new IllegalStateException(e);
    }
  }
}
