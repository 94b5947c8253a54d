package io.fairlead.vertex.internal;

import static io.fairlead.vertex.internal.Serving.BLUE;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.platform.EndpointPlatform;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import io.fairlead.provider.HttpCalls;
import io.fairlead.vertex.standin.StandIn;
import java.io.File;
import java.io.IOException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class DefaultVertexPlatformTest {
  private static final Request REQUEST = Request.json("{\"instances\":[1]}");

  /** Clients of other services and their settings, Cloud Storage, HTTP and TLS, and what other calls need. */
  private static final Pattern NOT_NEEDED =
      Pattern.compile("com\\.google\\.cloud\\.aiplatform\\.v1\\..*"
          + "(Endpoint|Model|Job|DeploymentResourcePool|ModelGarden)Service.*(Client|Stub|Settings).*"
          + "|com\\.google\\.cloud\\.(storage|http)\\..*"
          + "|(java|jdk\\.internal)\\.net\\.http\\..*"
          + "|sun\\.security\\.ssl\\..*"
          + "|" + Pattern.quote(HttpCalls.class.getName())
          + "|com\\.google\\.protobuf\\.(util\\..*|FieldMask\\$Builder)");

  private final Serving serving = new Serving();
  private final List<Method> called = new ArrayList<>();
  private final VertexCalls calls =
      new VertexCalls(serving.clients, new VertexErrors("nobody"), serving.config.callTimeout());
  private final DefaultVertexPlatform platform = new DefaultVertexPlatform(
      recorder(), serving.invoker, new ModelGarden(calls), new VertexReach(serving.config, calls));

  @TempDir
  private Path folder;

  private EndpointPlatform recorder() {
    return (EndpointPlatform) Proxy.newProxyInstance(
        getClass().getClassLoader(),
        new Class<?>[] {EndpointPlatform.class},
        (proxy, method, arguments) -> {
          called.add(method);
          return method.getName().equals("id") ? "vertex" : null;
        });
  }

  @AfterEach
  void close() {
    serving.close();
  }

  @Test
  void itDoesWhatItsPlatformDoes() throws ReflectiveOperationException {
    List<Method> all = Arrays.stream(EndpointPlatform.class.getMethods())
        .filter(method -> !method.isBridge())
        .filter(method -> !method.getName().equals("close"))
        .toList();

    for (Method method : all) {
      method.invoke(platform, new Object[method.getParameterCount()]);
    }
    platform.close();

    assertThat(called.stream().map(Method::getName))
        .containsExactlyElementsOf(
            Stream.concat(all.stream().map(Method::getName), Stream.of("close")).toList());
  }

  @Test
  void itAsksByTheTypedCall() {
    serving.with(false, "blue");

    Response typed = platform.predict(BLUE, REQUEST);

    assertThat(typed.variant()).contains("blue");
    assertThat(serving.project.calls()).containsExactly("Predict");
  }

  @Test
  void aPlatformThatIsClosedAsksNothing() {
    platform.close();

    assertThatThrownBy(() -> platform.predict(BLUE, REQUEST))
        .isInstanceOfSatisfying(
            ServingException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.CANCELLED))
        .hasMessage("Platform 'vertex' is closed: open it again to invoke churn.");
    assertThat(serving.project.calls()).isEmpty();
  }

  /** Hundreds of classes, which together double what opening the platform adds to a process. */
  @Test
  void openingAndAskingASharedEndpointLoadNothingThatTheyDoNotNeed()
      throws IOException, InterruptedException {
    serving.with(false, "blue");
    Path loaded = folder.resolve("loaded");

    String output = run("-Xlog:class+load:file=" + loaded, System.getProperty("java.class.path"));

    assertThat(output).contains("served by blue");
    assertThat(serving.project.calls()).containsExactly("RawPredict");
    List<String> names = names(loaded);
    assertThat(names)
        .contains(
            InvokeRoutes.class.getName(), "io.fairlead.vertex.internal.storage.ArtifactBucket");
    assertThat(names.stream().filter(name -> NOT_NEEDED.matcher(name).matches()))
        .isEmpty();
  }

  /** What docs/dependencies.md excludes. */
  @Test
  void withoutTheClientOfCloudStorageAndXdsItInvokes() throws IOException, InterruptedException {
    serving.with(false, "blue");

    String output = run(
        "-Dany=thing",
        Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
            .filter(entry -> !entry.contains("google-cloud-storage")
                && !entry.contains("google-api-services-storage")
                && !entry.contains("grpc-xds"))
            .collect(Collectors.joining(File.pathSeparator)));

    assertThat(output).contains("served by blue");
  }

  private static List<String> names(Path loaded) throws IOException {
    try (Stream<String> lines = Files.lines(loaded)) {
      return lines
          .map(line -> line.replaceFirst("^(\\[[^]]*\\])+ *", "").replaceFirst(" .*", ""))
          .toList();
    }
  }

  private String run(String option, String classPath) throws IOException, InterruptedException {
    Path output = folder.resolve("output");
    Process process = new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            option,
            "-XX:TieredStopAtLevel=1",
            "-cp",
            classPath,
            OneInvocation.class.getName(),
            serving.project.id(),
            StandIn.endpoint())
        .redirectErrorStream(true)
        .redirectOutput(output.toFile())
        .start();
    try {
      assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    } finally {
      process.destroyForcibly();
    }
    String text = Files.readString(output, UTF_8);
    assertThat(process.exitValue()).as(text).isZero();
    return text;
  }
}
