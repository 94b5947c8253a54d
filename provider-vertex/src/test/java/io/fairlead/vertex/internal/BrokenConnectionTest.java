package io.fairlead.vertex.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.platform.Request;
import io.fairlead.provider.TimeSource;
import io.fairlead.vertex.VertexConfig;
import io.grpc.Status;
import java.io.IOException;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class BrokenConnectionTest {
  private static final Request REQUEST = Request.json("{}");

  @Test
  void aConnectionThatBreaksAfterTheRequestWasSentIsNotRetried() throws IOException {
    try (ScriptedPredictions scripted = new ScriptedPredictions();
        CuttingProxy proxy = new CuttingProxy(port(scripted.config()));
        VertexClients clients = new VertexClients(through(proxy, scripted))) {
      scripted.then(out -> proxy.cut()).then(out -> {
        out.onNext(ScriptedPredictions.piece("text/plain", "twice"));
        out.onCompleted();
      });

      ServingException failure = failure(scripted.config(), clients);

      assertThat(scripted.asked()).hasSize(1);
      assertThat(failure.kind()).isEqualTo(ErrorKind.UNAVAILABLE);
      assertThat(failure.retryable()).isTrue();
    }
  }

  @Test
  void whatTheServiceItselfRefusesIsRetried() {
    try (ScriptedPredictions scripted = new ScriptedPredictions();
        VertexClients clients = new VertexClients(scripted.config())) {
      scripted
          .then(out -> out.onError(Status.UNAVAILABLE.withDescription("busy").asException()))
          .then(out -> {
            out.onNext(ScriptedPredictions.piece("text/plain", "once"));
            out.onCompleted();
          });

      invoker(scripted.config(), clients).invokeStreaming(Serving.BLUE, REQUEST, piece -> {});

      assertThat(scripted.asked()).hasSize(2);
    }
  }

  private static ServingException failure(VertexConfig config, VertexClients clients) {
    return catchThrowableOfType(
        ServingException.class,
        () -> invoker(config, clients).invokeStreaming(Serving.BLUE, REQUEST, piece -> {}));
  }

  private static VertexInvoker invoker(VertexConfig config, VertexClients clients) {
    return new VertexInvoker(
        config,
        clients,
        new VertexErrors("nobody"),
        new VertexNames(config),
        TimeSource.system(),
        new Random(1));
  }

  private static VertexConfig through(CuttingProxy proxy, ScriptedPredictions scripted) {
    VertexConfig config = scripted.config();
    return VertexConfig.of(config.project(), config.location())
        .withPlaintextEndpoint("127.0.0.1:" + proxy.port());
  }

  private static int port(VertexConfig config) {
    String hostAndPort = config.endpoint().orElseThrow();
    return Integer.parseInt(hostAndPort.substring(hostAndPort.lastIndexOf(':') + 1));
  }
}
