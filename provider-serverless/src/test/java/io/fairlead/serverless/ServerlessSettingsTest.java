package io.fairlead.serverless;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.fairlead.engine.ModelHandler;
import io.fairlead.grammar.FunctionLimits;
import io.fairlead.grammar.InvalidValueException;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.ModelFunction;
import io.fairlead.grammar.ModelMetadata;
import io.fairlead.grammar.Problem;
import io.fairlead.platform.FunctionPlatform;
import io.fairlead.platform.Platforms;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import java.net.URI;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ServerlessSettingsTest {
  private static final Duration LIMIT = Duration.ofSeconds(30);

  private static InvalidValueException refused(Map<String, String> settings) {
    return catchThrowableOfType(
        InvalidValueException.class,
        () -> Platforms.open("serverless", FunctionPlatform.class, settings).close());
  }

  @Test
  void allProblemsOfSettingsAreReportedTogether() {
    InvalidValueException refusal = refused(
        Map.of("port", "eighty", "memory", "lots", "starts", "-1", "token", "short", "prt", "1"));

    assertThat(refusal.problems())
        .extracting(Problem::field)
        .containsExactlyInAnyOrder("port", "memory", "starts", "token", "prt");
  }

  @Test
  void anOpenAddressNeedsATokenOrASettingThatTextHasToo() {
    assertThat(refused(Map.of("host", "0.0.0.0")))
        .hasMessageContaining("token must be given")
        .hasMessageContaining("openWithoutToken");

    Platforms.open(
            "serverless",
            FunctionPlatform.class,
            Map.of("host", "0.0.0.0", "openWithoutToken", "true"))
        .close();
  }

  /** As in development modes, in which the application's class loader is a child of the library's. */
  @Test
  void theDefaultConfigurationFindsWhatTheOpenersClassLoaderFinds(@TempDir Path folder)
      throws Exception {
    String name = Doubling.class.getName();
    String file = name.replace('.', '/') + ".class";
    Path copy = folder.resolve(file);
    Files.createDirectories(copy.getParent());
    try (var bytes = getClass().getClassLoader().getResourceAsStream(file)) {
      Files.copy(bytes, copy);
    }
    ClassLoader before = Thread.currentThread().getContextClassLoader();
    try (URLClassLoader application =
        new OwnFirst(new URL[] {folder.toUri().toURL()}, before, name)) {
      Thread.currentThread().setContextClassLoader(application);
      try (FunctionPlatform platform = new ServerlessProvider().open(ServerlessConfig.DEFAULT)) {
        ModelFunction function = platform
            .deploy(
                ModelArtifact.of(URI.create("java:" + name))
                    .withMetadata(ModelMetadata.NONE.withName("double")),
                FunctionLimits.DEFAULT)
            .await(LIMIT);
        assertThat(platform.invoke(function, Request.json("2")).text())
            .as("the loader that ran it")
            .isEqualTo(OwnFirst.class.getName());
      }
    } finally {
      Thread.currentThread().setContextClassLoader(before);
    }
  }

  /** A class loader that has one class itself. */
  private static final class OwnFirst extends URLClassLoader {
    private final String own;

    OwnFirst(URL[] urls, ClassLoader parent, String own) {
      super(urls, parent);
      this.own = own;
    }

    @Override
    protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
      synchronized (getClassLoadingLock(name)) {
        Class<?> loaded = findLoadedClass(name);
        if (loaded != null) {
          return loaded;
        }
        return name.equals(own) ? findClass(name) : super.loadClass(name, resolve);
      }
    }
  }

  /** Says which class loader it is of. */
  public static final class Doubling implements ModelHandler {
    @Override
    public Response handle(Request request) {
      return Response.json(Doubling.class.getClassLoader().getClass().getName());
    }
  }
}
