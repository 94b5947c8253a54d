package io.fairlead.platform;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.InvalidValueException;
import io.fairlead.platform.FakeProviders.Another;
import io.fairlead.platform.FakeProviders.Endpoints;
import io.fairlead.platform.FakeProviders.FakePlatform;
import io.fairlead.platform.FakeProviders.Good;
import io.fairlead.platform.FakeProviders.NotAProvider;
import io.fairlead.platform.FakeProviders.Orphan;
import io.fairlead.platform.FakeProviders.Refusing;
import io.fairlead.platform.FakeProviders.ThrowingConstructor;
import io.fairlead.platform.FakeProviders.Twin;
import io.fairlead.platform.FakeProviders.VendorBase;
import io.fairlead.platform.FakeProviders.WithoutId;
import io.fairlead.platform.FakeProviders.WithoutSdk;
import io.fairlead.platform.FakeProviders.WithoutType;
import io.fairlead.spi.PlatformProvider;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Enumeration;
import java.util.List;
import java.util.Map;
import java.util.ServiceConfigurationError;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PlatformsTest {
  @TempDir
  Path directory;

  private ClassLoader before;

  @BeforeEach
  void remember() {
    before = Thread.currentThread().getContextClassLoader();
  }

  @AfterEach
  void restore() {
    Thread.currentThread().setContextClassLoader(before);
  }

  @Test
  void aPlatformIsOpenedByItsIdWithItsSettings() {
    ClassLoader loader = classPathWith(Good.class, Another.class);

    try (FunctionPlatform platform =
        Platforms.open("fake", FunctionPlatform.class, Map.of("region", "eu"), loader)) {
      assertThat(platform)
          .isInstanceOfSatisfying(
              FakePlatform.class, fake -> assertThat(fake.config.text("region")).contains("eu"));
    }
  }

  @Test
  void theProviderIsToldTheClassLoaderThatFoundIt() {
    ClassLoader loader = classPathWith(Good.class);

    FakePlatform platform =
        (FakePlatform) Platforms.open("fake", FunctionPlatform.class, Map.of(), loader);

    assertThat(platform.config.classLoader()).isSameAs(loader);
  }

  @Test
  void providersComeFromTheThreadsContextClassLoader() {
    Thread.currentThread().setContextClassLoader(classPathWith(Good.class));

    assertThat(Platforms.open("fake", FunctionPlatform.class)).isInstanceOf(FakePlatform.class);
  }

  @Test
  void withoutAContextClassLoaderTheyComeFromTheLibrarysOwn() {
    Thread.currentThread().setContextClassLoader(null);

    assertThatThrownBy(() -> Platforms.open("fake", FunctionPlatform.class))
        .isInstanceOf(ServingException.class)
        .hasMessageStartingWith("No provider has the platform 'fake'.");
    assertThat(Platforms.available(FunctionPlatform.class)).doesNotContain("fake");
  }

  /** As on threads of the common pool, when everything is in an executable jar. */
  @Test
  void aContextClassLoaderThatSeesNothingOfTheLibraryDoesNotHideItsProviders() throws Exception {
    try (URLClassLoader library = isolatedLibrary(Good.class)) {
      Thread.currentThread().setContextClassLoader(ClassLoader.getPlatformClassLoader());
      Class<?> platforms = library.loadClass(Platforms.class.getName());
      Class<?> type = library.loadClass(FunctionPlatform.class.getName());

      Object opened =
          platforms.getMethod("open", String.class, Class.class).invoke(null, "fake", type);

      assertThat(opened.getClass().getName()).isEqualTo(FakePlatform.class.getName());
      assertThat(platforms.getMethod("available", Class.class).invoke(null, type))
          .isEqualTo(List.of("fake"));
    }
  }

  /** A class loader with this class path, of which no class is the system's. */
  private URLClassLoader isolatedLibrary(Class<?> provider) throws IOException {
    Path services =
        directory.resolve("isolated/META-INF/services/" + PlatformProvider.class.getName());
    Files.createDirectories(services.getParent());
    Files.writeString(services, provider.getName());
    List<URL> urls = new ArrayList<>();
    urls.add(directory.resolve("isolated").toUri().toURL());
    for (String entry : System.getProperty("java.class.path").split(File.pathSeparator, -1)) {
      urls.add(Path.of(entry).toUri().toURL());
    }
    return new URLClassLoader(urls.toArray(URL[]::new), ClassLoader.getPlatformClassLoader());
  }

  @Test
  void aPlatformMayBeOpenedByASupertype() {
    Thread.currentThread().setContextClassLoader(classPathWith(Good.class));

    Platform<?> platform = Platforms.open("fake", Platform.class);

    assertThat(platform.list()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', textBlock = """
      sagemaker  | io.fairlead:fairlead-provider-sagemaker
      vertex     | io.fairlead:fairlead-provider-vertex
      azureml    | io.fairlead:fairlead-provider-azureml
      stateful   | io.fairlead:fairlead-provider-stateful
      local      | io.fairlead:fairlead-provider-serverless
      serverless | io.fairlead:fairlead-provider-serverless
      """)
  void withoutAnyProviderTheModuleToAddIsNamed(String id, String module) {
    ServingException exception = failure(id, FunctionPlatform.class, classPathWith());

    assertThat(exception)
        .hasMessage(
            "No provider has the platform '" + id + "'. There are no providers on the class path. "
                + "Add the module that has it: " + module + ".")
        .hasNoSuppressedExceptions();
    assertThat(exception.kind()).isEqualTo(ErrorKind.NOT_FOUND);
    assertThat(exception.platform()).isEqualTo(id);
  }

  @Test
  void anUnknownIdIsToldWithThoseThatThereAre() {
    assertThat(failure("moon", FunctionPlatform.class, classPathWith(Good.class, Another.class)))
        .hasMessage(
            "No provider has the platform 'moon'. The class path has: another, fake. Add the module that has it:"
                + " this project's are io.fairlead:fairlead-provider-serverless, -sagemaker, -vertex, "
                + "-azureml and -stateful.");
  }

  @Test
  void twoProvidersWithOneIdAreBothNamed() {
    ServingException exception =
        failure("fake", FunctionPlatform.class, classPathWith(Twin.class, Good.class));

    assertThat(exception)
        .hasMessage("Platform 'fake' has several providers, " + Good.class.getName() + " and "
            + Twin.class.getName() + ": remove all but one of their modules from the class path.");
    assertThat(exception.kind()).isEqualTo(ErrorKind.CONFLICT);
    assertThat(exception.retryable()).isFalse();
  }

  @Test
  void anotherTypeIsToldWithTheTypeToOpenItAs() {
    ServingException exception =
        failure("endpoints", FunctionPlatform.class, classPathWith(Endpoints.class));

    assertThat(exception)
        .hasMessage(
            "Platform 'endpoints' is of type EndpointPlatform, not FunctionPlatform: open it as "
                + "EndpointPlatform.class.");
    assertThat(exception.kind()).isEqualTo(ErrorKind.UNSUPPORTED);
  }

  @Test
  void aProviderWhoseClassIsMissingIsNamedAndItsErrorKept() {
    ServingException exception =
        failure("moon", FunctionPlatform.class, listing("no.such.Provider"));

    assertThat(exception)
        .hasMessageContaining(
            "There are no providers on the class path. 1 provider could not be loaded: ")
        .hasMessageContaining("no.such.Provider");
    assertThat(exception.getSuppressed())
        .singleElement()
        .isInstanceOf(ServiceConfigurationError.class);
  }

  @Test
  void aProviderWhoseSuperclassIsMissingIsNamedAndItsErrorKept() {
    ClassLoader loader =
        new WithoutClass(classPathWith(Orphan.class), Orphan.class, VendorBase.class);

    ServingException exception = failure("fake", FunctionPlatform.class, loader);

    assertThat(exception)
        .hasMessageContaining("1 provider could not be loaded: java.lang.NoClassDefFoundError");
    assertThat(exception.getSuppressed())
        .singleElement()
        .isInstanceOf(NoClassDefFoundError.class)
        .satisfies(e -> assertThat(e).hasMessageContaining("VendorBase"));
  }

  @Test
  void everyProviderThatDoesNotLoadIsNamedAtOnce() {
    ClassLoader loader = listing(
        "no.such.Provider",
        ThrowingConstructor.class.getName(),
        NotAProvider.class.getName(),
        WithoutId.class.getName(),
        WithoutType.class.getName());

    ServingException exception = failure("fake", FunctionPlatform.class, loader);

    assertThat(exception)
        .hasMessageContaining(" 5 providers could not be loaded: ")
        .hasMessageContaining("no.such.Provider")
        .hasMessageContaining("ThrowingConstructor")
        .hasMessageContaining("NotAProvider")
        .hasMessageContaining("WithoutId has no id")
        .hasMessageContaining("com/vendor/Platform");
    assertThat(exception.getSuppressed()).hasSize(5);
  }

  @Test
  void aListOfProvidersThatIsNoneIsNamed() {
    assertThat(failure("fake", FunctionPlatform.class, listing("this is no class name")))
        .hasMessageContaining("Illegal configuration-file syntax")
        .hasMessageContaining("services:1");
  }

  @Test
  void providersThatDoNotLoadHinderNoOther() {
    ClassLoader loader = new WithoutClass(
        listing(
            "no.such.Provider",
            Orphan.class.getName(),
            ThrowingConstructor.class.getName(),
            WithoutType.class.getName(),
            Good.class.getName()),
        Orphan.class,
        VendorBase.class);

    assertThat(Platforms.open("fake", FunctionPlatform.class, Map.of(), loader))
        .isInstanceOf(FakePlatform.class);
  }

  @Test
  void aLibraryThatIsMissingAtOpenIsToldWithItsCause() {
    ServingException exception =
        failure("fake", FunctionPlatform.class, classPathWith(WithoutSdk.class));

    assertThat(exception)
        .hasMessage(
            "Platform 'fake' cannot be opened because a class is missing or does not fit (com/vendor/Client): "
                + "check that the libraries its module needs are on the class path in the versions that it asks for.")
        .hasCauseInstanceOf(NoClassDefFoundError.class);
    assertThat(exception.kind()).isEqualTo(ErrorKind.UNSUPPORTED);
  }

  @Test
  void wrongSettingsPassThroughAsTheProviderReportsThem() {
    ClassLoader loader = classPathWith(Good.class);
    Map<String, String> config = Map.of("regoin", "eu", "instances", "many");

    assertThatThrownBy(() -> Platforms.open("fake", FunctionPlatform.class, config, loader))
        .isInstanceOf(InvalidValueException.class)
        .hasNoCause()
        .hasMessage(
            "configuration of platform 'fake': instances must be a whole number (got \"many\"); "
                + "regoin is not a setting; there are: instances, region");
  }

  @Test
  void theProvidersOwnFailurePassesThroughUnchanged() {
    assertThat(failure("fake", FunctionPlatform.class, classPathWith(Refusing.class)))
        .hasMessage("No credentials.")
        .hasNoCause();
  }

  @Test
  void theAvailablePlatformsAreThoseOfTheTypeThatLoadSortedById() {
    Thread.currentThread()
        .setContextClassLoader(listing(
            "no.such.Provider",
            Good.class.getName(),
            Twin.class.getName(),
            Another.class.getName(),
            Endpoints.class.getName()));

    assertThat(Platforms.available(FunctionPlatform.class)).containsExactly("another", "fake");
    assertThat(Platforms.available(EndpointPlatform.class)).containsExactly("endpoints");
    assertThat(Platforms.available(StatefulPlatform.class)).isEmpty();
  }

  private static <P extends Platform<?>> ServingException failure(
      String id, Class<P> type, ClassLoader loader) {
    return catchThrowableOfType(
        ServingException.class, () -> Platforms.open(id, type, Map.of(), loader));
  }

  private ClassLoader classPathWith(Class<?>... providers) {
    return listing(Arrays.stream(providers).map(Class::getName).toArray(String[]::new));
  }

  /** A class loader that has the classes of the tests, but its own list of providers. */
  private ClassLoader listing(String... lines) {
    try {
      Path services = directory.resolve("services");
      Files.writeString(services, Arrays.stream(lines).collect(Collectors.joining("\n")));
      return new OwnProviders(services.toUri().toURL());
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static final class OwnProviders extends ClassLoader {
    private final URL services;

    OwnProviders(URL services) {
      super(PlatformsTest.class.getClassLoader());
      this.services = services;
    }

    @Override
    public Enumeration<URL> getResources(String name) throws IOException {
      return name.equals("META-INF/services/io.fairlead.spi.PlatformProvider")
          ? Collections.enumeration(Collections.singleton(services))
          : super.getResources(name);
    }
  }

  /** A class loader that defines one class itself and does not find another. */
  private static final class WithoutClass extends ClassLoader {
    private final Class<?> own;
    private final Class<?> missing;

    WithoutClass(ClassLoader parent, Class<?> own, Class<?> missing) {
      super(parent);
      this.own = own;
      this.missing = missing;
    }

    @Override
    protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
      if (name.equals(missing.getName())) {
        throw new ClassNotFoundException(name);
      }
      if (!name.equals(own.getName())) {
        return super.loadClass(name, resolve);
      }
      try (InputStream in = getResourceAsStream(name.replace('.', '/') + ".class")) {
        byte[] bytes = in.readAllBytes();
        return defineClass(name, bytes, 0, bytes.length);
      } catch (IOException e) {
        throw new ClassNotFoundException(name, e);
      }
    }
  }
}
