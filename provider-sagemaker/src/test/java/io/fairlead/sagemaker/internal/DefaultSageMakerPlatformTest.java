package io.fairlead.sagemaker.internal;

import static io.fairlead.sagemaker.internal.ScriptedServer.ENDPOINT;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fairlead.contract.VirtualTime;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.platform.EndpointPlatform;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import io.fairlead.provider.RefusedCalls;
import io.fairlead.sagemaker.AsyncInvocation;
import io.fairlead.sagemaker.AsyncRequest;
import io.fairlead.sagemaker.SageMakerConfig;
import io.fairlead.sagemaker.SageMakerProvider;
import io.fairlead.sagemaker.SageMakerResponse;
import java.io.File;
import java.io.IOException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.eventstream.HeaderValue;
import software.amazon.eventstream.Message;

@Timeout(120)
class DefaultSageMakerPlatformTest {
  private static final Request REQUEST = Request.json("{}");
  private static final AsyncInvocation TAKEN =
      new AsyncInvocation("churn", "id-1", "s3://data/out/1.out", Optional.empty());

  private final ScriptedServer server = new ScriptedServer();
  private final SageMakerConfig config = server.config();
  private final SageMakerClients clients = new SageMakerClients(config);
  private final SageMakerErrors errors = new SageMakerErrors(config);
  private final VirtualTime time = new VirtualTime();
  private final RefusedCalls calls = new RefusedCalls(SageMakerProvider.ID, time, new Random(1));
  private final SageMakerInvoker invoker = new SageMakerInvoker(
      clients,
      calls,
      errors,
      time,
      () -> new SageMakerStreaming(config, clients, calls, errors, time));
  private final InvokeOnlyPlatform asking = new InvokeOnlyPlatform(invoker);
  private final DefaultSageMakerPlatform platform = open(asking);

  @TempDir
  private Path folder;

  private DefaultSageMakerPlatform open(EndpointPlatform wrapped) {
    return new DefaultSageMakerPlatform(
        wrapped,
        new AsyncInvocations(clients, calls, errors, time, config.callTimeout()),
        new OpenAiRoute(config, clients, errors, time),
        new SageMakerReach(config, clients, errors));
  }

  @AfterEach
  void close() {
    platform.close();
    clients.close();
    server.close();
  }

  @Test
  void itDoesWhatItsPlatformDoes() throws Exception {
    List<Method> called = new ArrayList<>();
    EndpointPlatform recorder = (EndpointPlatform) Proxy.newProxyInstance(
        getClass().getClassLoader(),
        new Class<?>[] {EndpointPlatform.class},
        (proxy, method, arguments) -> {
          called.add(method);
          return null;
        });
    DefaultSageMakerPlatform wrapping = open(recorder);
    List<Method> all = Arrays.stream(EndpointPlatform.class.getMethods())
        .filter(method -> !method.isBridge())
        .filter(method -> !method.getName().equals("close"))
        .toList();

    for (Method method : all) {
      method.invoke(wrapping, new Object[method.getParameterCount()]);
    }
    wrapping.close();

    assertThat(called.stream().map(Method::getName))
        .containsExactlyElementsOf(
            Stream.concat(all.stream().map(Method::getName), Stream.of("close")).toList());
  }

  @Test
  void itAsksInEachWay() {
    server
        .then(200, Map.of("Content-Type", "application/json"), "{}")
        .then(200, Map.of("X-Amzn-SageMaker-Closed-Session-Id", "abc-1"), "{}")
        .then(
            202,
            Map.of("X-Amzn-SageMaker-OutputLocation", TAKEN.outputLocation()),
            "{\"InferenceId\":\"id-1\"}")
        .then(404, Map.of(), "")
        .then(200, Map.of("Content-Type", "text/csv"), "0.5");

    assertThat(platform.invoke(ENDPOINT, REQUEST)).isEqualTo(Response.json("{}"));
    assertThat(platform
            .invoke(ENDPOINT, REQUEST)
            .find(SageMakerResponse.class)
            .flatMap(SageMakerResponse::closedSession))
        .contains("abc-1");
    AsyncInvocation taken =
        platform.invokeAsync(ENDPOINT, AsyncRequest.of("s3://data/1.json", "application/json"));
    assertThat(taken).isEqualTo(TAKEN);
    assertThat(platform.result(taken)).isEmpty();
    assertThat(platform.awaitResult(taken, Duration.ofSeconds(1)).text()).isEqualTo("0.5");
  }

  @Test
  void closingItClosesAllAndTwiceIsNoError() throws InterruptedException {
    server.then(exchange -> ScriptedServer.answer(
        exchange, 200, Map.of("Content-Type", "application/vnd.amazon.eventstream"), new byte[0]));
    platform.invokeStreaming(ENDPOINT, REQUEST, piece -> {});

    platform.close();
    platform.close();

    assertThat(asking.isClosed()).isTrue();
    for (Thread thread : Thread.getAllStackTraces().keySet()) {
      if (thread.getName().startsWith("fairlead-sagemaker-streaming")) {
        thread.join(5000);
        assertThat(thread.isAlive()).isFalse();
      }
    }
  }

  @Test
  void aPlatformThatIsClosedAsksNothing() {
    platform.close();

    for (ThrowingCallable call : List.<ThrowingCallable>of(
        () -> invoker.invokeStreaming(ENDPOINT, REQUEST, piece -> {}),
        () -> platform.invokeAsync(ENDPOINT, AsyncRequest.of("s3://data/1", "a/b")),
        () -> platform.result(TAKEN),
        () -> platform.awaitResult(TAKEN, Duration.ofSeconds(1)))) {
      assertThatThrownBy(call)
          .isInstanceOfSatisfying(
              ServingException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.CANCELLED))
          .hasMessageContaining("is closed");
    }
    assertThat(server.asked()).isEmpty();
  }

  // ---- in a process of its own ----

  @Test
  void askingAloneLoadsNoOtherServiceOfAws() throws Exception {
    server.then(200, Map.of("Content-Type", "application/json"), "{\"answer\":1}");
    Path loaded = folder.resolve("loaded");

    String output = run(classPath(""), "-Xlog:class+load:file=" + loaded, "invoke");

    assertThat(output).contains("{\"answer\":1}");
    assertThat(Files.readString(loaded)).contains("sagemakerruntime");
    try (Stream<String> lines = Files.lines(loaded)) {
      assertThat(lines
              .map(line -> line.replaceFirst("^(\\[[^]]*\\])+ *", "").replaceFirst(" .*", ""))
              .filter(name -> name.startsWith("software.amazon.awssdk.services.sagemaker.")
                  || name.startsWith("software.amazon.awssdk.services.s3.")
                  || name.startsWith("software.amazon.awssdk.services.applicationautoscaling.")
                  || name.startsWith("io.netty.")))
          .isEmpty();
    }
  }

  @Test
  void withoutNettyAnswersInPiecesSayWhatIsMissing() throws Exception {
    String output = run(classPath("netty.*"), "-Dany=thing", "stream");

    assertThat(output)
        .startsWith("UNSUPPORTED")
        .contains("software.amazon.awssdk:netty-nio-client");
    assertThat(server.asked()).isEmpty();
  }

  /** What docs/dependencies.md excludes for an application that only invokes. */
  private static final String MANAGING =
      "(sagemaker|applicationautoscaling|cloudwatch|cloudwatchlogs|s3)-\\d.*";

  @Test
  void withoutTheJarsThatManageItInvokes() throws Exception {
    server.then(200, Map.of("Content-Type", "application/json"), "{\"answer\":1}");

    assertThat(run(classPath(MANAGING), "-Dany=thing", "invoke")).contains("{\"answer\":1}");
  }

  @Test
  void withoutTheJarsThatManageAnswersComeInPiecesToo() throws Exception {
    byte[] event = new Message(
            Map.of(
                ":message-type", HeaderValue.fromString("event"),
                ":event-type", HeaderValue.fromString("PayloadPart"),
                ":content-type", HeaderValue.fromString("application/octet-stream")),
            "data: [DONE]".getBytes(UTF_8))
        .toByteBuffer()
        .array();
    server.then(exchange -> ScriptedServer.answer(
        exchange, 200, Map.of("Content-Type", "application/vnd.amazon.eventstream"), event));

    assertThat(run(classPath(MANAGING), "-Dany=thing", "pieces")).contains("data: [DONE]");
  }

  @Test
  void withoutTheJarsThatManageThereIsAccessForClientsOfOpenAisApi() throws Exception {
    assertThat(run(classPath(MANAGING), "-Dany=thing", "openai").lines())
        .satisfiesExactly(
            alone -> assertThat(alone).startsWith("/endpoints/churn/openai/v1 sagemaker-api-key-"),
            component -> assertThat(component)
                .startsWith("/endpoints/fleet/inference-components/")
                .contains("/openai/v1 sagemaker-api-key-"));
    assertThat(server.asked()).isEmpty();
  }

  @Test
  void withoutTheJarsThatManageWhatManagesSaysWhatIsMissing() throws Exception {
    String output = run(classPath(MANAGING), "-Dany=thing", "manage");

    assertThat(output.lines().filter(line -> line.startsWith("UNSUPPORTED")))
        .hasSize(2)
        .allSatisfy(line -> assertThat(line)
            .contains("needs class software.amazon.awssdk.services.sagemaker.model.")
            .contains("add the artifact that has it"));
    assertThat(server.asked()).isEmpty();
  }

  private static String classPath(String without) {
    return Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator, -1))
        .filter(entry -> !Path.of(entry).getFileName().toString().matches(without))
        .collect(Collectors.joining(File.pathSeparator));
  }

  private String run(String classPath, String option, String way)
      throws IOException, InterruptedException {
    Path output = folder.resolve("output");
    Process process = new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            option,
            "-XX:TieredStopAtLevel=1",
            "-cp",
            classPath,
            OnePlatformCall.class.getName(),
            server.uri().toString(),
            way)
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
    return text.lines().filter(line -> !line.startsWith("SLF4J")).collect(Collectors.joining("\n"));
  }
}
