package io.fairlead.azureml;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fairlead.grammar.Container;
import io.fairlead.grammar.Dependencies;
import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.Routing;
import io.fairlead.grammar.RuntimeSpec;
import io.fairlead.grammar.Scaling;
import io.fairlead.json.GrammarJson;
import io.fairlead.platform.EndpointPlatform;
import io.fairlead.platform.Platforms;
import java.io.File;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The options of Azure ML and its provider where its SDK is not there at all: nothing of it is loaded for them. */
class OptionsWithoutSdkTest {
  private static final Pattern SDK =
      Pattern.compile(".*/(azure|msal4j|reactor|reactive-streams|netty)[^/]*\\.jar");

  private static URLClassLoader withoutSdk() {
    URL[] urls = Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
        .filter(entry -> !SDK.matcher(entry).matches())
        .map(OptionsWithoutSdkTest::url)
        .toArray(URL[]::new);
    return new URLClassLoader(urls, ClassLoader.getPlatformClassLoader());
  }

  private static URL url(String entry) {
    try {
      return Path.of(entry).toUri().toURL();
    } catch (MalformedURLException e) {
      throw new IllegalArgumentException(entry, e);
    }
  }

  @Test
  void valuesWithOptionsAreReadAndWritten() throws Exception {
    String json = GrammarJson.write(new Endpoint(
        new Container(
            ModelArtifact.huggingFace("org/name")
                .with(AzureMlArtifact.DEFAULT.fromRegistry("HuggingFace", "3")),
            RuntimeSpec.of("example.azurecr.io/server:1")
                .with(AzureMlContainer.DEFAULT.withServer(80, "/a", "/b", "/c"))
                .with(AzureMlRuntime.condaFile(CondaFile.of("python=3.11"))),
            Dependencies.NONE.with(AzureMlDependencies.entryScript("score.py"))),
        Scaling.between("Standard_DS3_v2", 1, 3)
            .with(AzureMlScaling.DEFAULT.withMaxConcurrentRequests(2))
            .with(AzureMlAutoscaling.cpu(80, 20)),
        new Routing("bert", "blue")
            .with(AzureMlEndpoint.DEFAULT)
            .with(AzureMlRouting.evaluationRules(Map.of("a", "b")))));
    ClassLoader before = Thread.currentThread().getContextClassLoader();
    try (URLClassLoader loader = withoutSdk()) {
      Thread.currentThread().setContextClassLoader(loader);
      Class<?> grammarJson = loader.loadClass(GrammarJson.class.getName());
      Object read = grammarJson
          .getMethod("read", String.class, Class.class)
          .invoke(null, json, loader.loadClass(Endpoint.class.getName()));

      assertThat(read.getClass()).isNotEqualTo(Endpoint.class);
      assertThat(grammarJson.getMethod("write", Object.class).invoke(null, read))
          .isEqualTo(json);
      assertThatThrownBy(() -> loader.loadClass("com.azure.core.credential.TokenCredential"))
          .isInstanceOf(ClassNotFoundException.class);
    } finally {
      Thread.currentThread().setContextClassLoader(before);
    }
  }

  @Test
  void theProviderIsFound() throws Exception {
    ClassLoader before = Thread.currentThread().getContextClassLoader();
    try (URLClassLoader loader = withoutSdk()) {
      Thread.currentThread().setContextClassLoader(loader);

      Object ids = loader
          .loadClass(Platforms.class.getName())
          .getMethod("available", Class.class)
          .invoke(null, loader.loadClass(EndpointPlatform.class.getName()));

      assertThat(ids).isEqualTo(List.of("azureml"));
    } finally {
      Thread.currentThread().setContextClassLoader(before);
    }
  }
}
