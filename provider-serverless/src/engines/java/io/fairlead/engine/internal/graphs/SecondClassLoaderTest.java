package io.fairlead.engine.internal.graphs;

import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.engine.LoadOptions;
import io.fairlead.engine.internal.Engine;
import io.fairlead.engine.internal.Models;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.FunctionLimits;
import io.fairlead.grammar.ModelFunction;
import io.fairlead.platform.Request;
import io.fairlead.serverless.Isolation;
import io.fairlead.serverless.ServerlessConfig;
import io.fairlead.serverless.ServerlessOptions;
import io.fairlead.serverless.ServerlessPlatform;
import io.fairlead.serverless.ServerlessProvider;
import java.io.File;
import java.lang.reflect.Method;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Runtimes of which a process can hold one copy, in a second class loader, as after a hot reload. */
final class SecondClassLoaderTest {
  @ParameterizedTest
  @CsvSource({"digits_ts.pt, a TorchScript", "savedmodel, a TensorFlow"})
  void isRefusedAndRunsInAProcessOfItsOwn(String name, String format) throws Exception {
    assertThat(load(name)).isEqualTo("loaded");

    try (URLClassLoader second = loader()) {
      assertThat(within(second, "load", name))
          .contains(" is " + format
              + " model, and another class loader of this JVM has loaded its runtime")
          .endsWith(
              "deploy it with isolation PROCESS, which runs it in a JVM of its own, or start this application"
                  + " anew.");
      assertThat(within(second, "process", name)).contains("{");
    }
  }

  @Test
  void theFirstOneGoesOn() {
    assertThat(load("digits_ts.pt")).isEqualTo("loaded");
    assertThat(load("digits_ts.pt")).isEqualTo("loaded");
  }

  static String load(String name) {
    try (Engine engine = Models.engine()) {
      engine.load(Models.artifact(name), LoadOptions.DEFAULT);
      return "loaded";
    } catch (ServingException e) {
      return e.getMessage();
    }
  }

  static String process(String name) {
    ServerlessConfig config = ServerlessConfig.DEFAULT.withCacheFolder(Models.cacheFolder());
    Request request = name.equals("savedmodel")
        ? Request.json("{\"instances\": [[1, 2, 3, 4]]}")
        : Request.json(Models.digitRequest().replace("\"x\"", "\"input\""));
    try (ServerlessPlatform platform = new ServerlessProvider().open(config)) {
      ModelFunction function = platform
          .deploy(
              Models.artifact(name)
                  .named("there")
                  .with(ServerlessOptions.DEFAULT.withIsolation(Isolation.PROCESS)),
              FunctionLimits.DEFAULT.withMemoryBytes(3L << 30))
          .await(Duration.ofMinutes(1));
      return platform.invoke(function, request).text();
    }
  }

  private static String within(ClassLoader loader, String method, String name) throws Exception {
    Method found = loader
        .loadClass(SecondClassLoaderTest.class.getName())
        .getDeclaredMethod(method, String.class);
    found.setAccessible(true);
    return (String) found.invoke(null, name);
  }

  private static URLClassLoader loader() throws Exception {
    List<URL> urls = new ArrayList<>();
    for (String entry : System.getProperty("java.class.path").split(File.pathSeparator, -1)) {
      urls.add(Path.of(entry).toUri().toURL());
    }
    return new URLClassLoader(urls.toArray(URL[]::new), ClassLoader.getPlatformClassLoader());
  }
}
