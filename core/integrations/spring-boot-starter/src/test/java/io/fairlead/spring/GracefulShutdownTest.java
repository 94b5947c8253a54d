package io.fairlead.spring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fairlead.engine.ModelHandler;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.Endpoint;
import io.fairlead.platform.EndpointPlatform;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.SmartLifecycle;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RestController;

/** The end of an application whose web server is answering. */
class GracefulShutdownTest {
  @Test
  void aRequestInProgressIsAnsweredBeforeThePlatformsAreClosed() throws Exception {
    ConfigurableApplicationContext application = Applications.serving(
        Serving.class,
        "server.shutdown=graceful",
        "fairlead.platforms.local.id=local",
        "fairlead.endpoints.slow.model=java:" + Slow.class.getName(),
        "fairlead.endpoints.slow.deploy-at-start=true");
    EndpointPlatform local = application.getBean(EndpointPlatform.class);
    Endpoint slow = application.getBean(Endpoint.class);
    CompletableFuture<HttpResponse<String>> answer = HttpClient.newHttpClient()
        .sendAsync(
            HttpRequest.newBuilder(Applications.url(application, "/ask"))
                .POST(HttpRequest.BodyPublishers.ofString("[1]"))
                .build(),
            BodyHandlers.ofString());
    assertThat(Slow.entered.await(60, TimeUnit.SECONDS)).isTrue();

    application.close();

    assertThat(answer.get(60, TimeUnit.SECONDS).statusCode()).isEqualTo(200);
    assertThat(answer.get().body()).isEqualTo("[1]");
    assertThatThrownBy(() -> local.invoke(slow, Request.json("[2]")))
        .isInstanceOfSatisfying(
            ServingException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.CANCELLED));
  }

  /** A model that answers when the application is being closed, and its web server drains. */
  public static final class Slow implements ModelHandler {
    static final CountDownLatch entered = new CountDownLatch(1);
    static final CountDownLatch draining = new CountDownLatch(1);

    @Override
    public Response handle(Request request) throws InterruptedException {
      entered.countDown();
      assertThat(draining.await(60, TimeUnit.SECONDS)).isTrue();
      return Response.json(request.text());
    }
  }

  @Configuration(proxyBeanMethods = false)
  @EnableAutoConfiguration
  @Import({Controller.class, Draining.class})
  static class Serving {}

  @RestController
  static class Controller {
    private final EndpointPlatform local;
    private final Endpoint slow;

    Controller(EndpointPlatform local, Endpoint slow) {
      this.local = local;
      this.slow = slow;
    }

    @PostMapping("/ask")
    String ask(@RequestBody String body) {
      return local.invoke(slow, Request.json(body)).text();
    }
  }

  /** Stops in the phase in which Spring Boot waits for the requests in progress. */
  static class Draining implements SmartLifecycle {
    private boolean running;

    @Override
    public int getPhase() {
      return SmartLifecycle.DEFAULT_PHASE - 1024;
    }

    @Override
    public void start() {
      running = true;
    }

    @Override
    public void stop() {
      running = false;
      Slow.draining.countDown();
    }

    @Override
    public boolean isRunning() {
      return running;
    }
  }
}
