package io.fairlead.spring;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.test.context.runner.ReactiveWebApplicationContextRunner;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.http.HttpStatus;
import org.springframework.test.web.reactive.server.EntityExchangeResult;
import org.springframework.test.web.reactive.server.WebTestClient;
import org.springframework.web.bind.annotation.ExceptionHandler;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.bind.annotation.RestControllerAdvice;
import org.springframework.web.reactive.config.EnableWebFlux;
import reactor.core.publisher.Mono;

class ProblemDetailsTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String PROBLEM = "application/problem+json";

  @Test
  void aFailureInSpringMvcIsAProblemDetailWithTheStatusOfItsKind() throws Exception {
    try (ConfigurableApplicationContext application = Applications.serving(Mvc.class)) {
      HttpResponse<String> busy = get(application, "/busy");

      assertThat(busy.statusCode()).isEqualTo(429);
      assertThat(busy.headers().firstValue("Content-Type")).contains(PROBLEM);
      assertThat(busy.headers().firstValue("Retry-After")).contains("3");
      JsonNode problem = JSON.readTree(busy.body());
      assertThat(problem.path("status").asInt()).isEqualTo(429);
      assertThat(problem.path("title").asText()).isEqualTo("Too Many Requests");
      assertThat(problem.path("instance").asText()).isEqualTo("/busy");
      assertThat(problem.path("kind").asText()).isEqualTo("throttled");
      assertThat(problem.path("retryable").asBoolean()).isTrue();
      assertThat(problem.path("detail").asText())
          .isEqualTo("Too many requests to https://models.example/ask?(not shown).");
      assertThat(get(application, "/later").statusCode()).isEqualTo(404);
      assertThat(get(application, "/later").headers().firstValue("Retry-After")).isEmpty();
      // What is no failure of a platform is not answered here.
      assertThat(get(application, "/other").body()).doesNotContain("kind");
    }
  }

  @Test
  void theApplicationsOwnHandlerIsFirst() throws Exception {
    try (ConfigurableApplicationContext application = Applications.serving(Own.class)) {
      HttpResponse<String> busy = get(application, "/busy");

      assertThat(busy.statusCode()).isEqualTo(418);
      assertThat(busy.body()).isEqualTo("my own answer");
    }
  }

  @Test
  void itCanBeTurnedOff() throws Exception {
    try (ConfigurableApplicationContext application =
        Applications.serving(Mvc.class, "fairlead.problem-details.enabled=false")) {
      assertThat(get(application, "/busy").statusCode()).isEqualTo(500);
    }
  }

  @Test
  void aFailureInWebFluxIsTheSame() {
    new ReactiveWebApplicationContextRunner()
        .withConfiguration(AutoConfigurations.of(
            FairleadAutoConfiguration.class, ProblemDetailsAutoConfiguration.class))
        .withUserConfiguration(WebFlux.class)
        .run(context -> {
          WebTestClient client = WebTestClient.bindToApplicationContext(context).build();
          for (String path : new String[] {"/busy", "/mono"}) {
            EntityExchangeResult<String> answer =
                client.get().uri(path).exchange().expectBody(String.class).returnResult();
            assertThat(answer.getStatus().value()).isEqualTo(429);
            assertThat(answer.getResponseHeaders().getFirst("Content-Type")).isEqualTo(PROBLEM);
            assertThat(answer.getResponseHeaders().getFirst("Retry-After")).isEqualTo("3");
            assertThat(answer.getResponseBody()).contains("\"kind\":\"throttled\"");
          }
        });
  }

  private static HttpResponse<String> get(ConfigurableApplicationContext application, String path)
      throws IOException, InterruptedException {
    return HttpClient.newHttpClient()
        .send(
            HttpRequest.newBuilder(Applications.url(application, path)).build(),
            BodyHandlers.ofString());
  }

  private static ServingException busy() {
    return ServingException.builder(
            "cloud",
            ErrorKind.THROTTLED,
            "Too many requests to https://models.example/ask?sig=a-secret-of-mine.")
        .retryAfter(Duration.ofMillis(2500))
        .build();
  }

  @RestController
  static class Failing {
    @GetMapping("/busy")
    String failing() {
      throw busy();
    }

    @GetMapping("/later")
    CompletableFuture<String> later() {
      return CompletableFuture.supplyAsync(() -> {
        throw new ServingException("cloud", ErrorKind.NOT_FOUND, "ask is not deployed.");
      });
    }

    @GetMapping("/other")
    String other() {
      throw new IllegalStateException("another mistake");
    }
  }

  @Configuration(proxyBeanMethods = false)
  @EnableAutoConfiguration
  @Import(Failing.class)
  static class Mvc {}

  @Configuration(proxyBeanMethods = false)
  @EnableAutoConfiguration
  @Import({Failing.class, OwnHandler.class})
  static class Own {}

  @RestControllerAdvice
  static class OwnHandler {
    @ExceptionHandler(RuntimeException.class)
    @ResponseStatus(HttpStatus.I_AM_A_TEAPOT)
    String handle() {
      return "my own answer";
    }
  }

  @Configuration(proxyBeanMethods = false)
  @EnableWebFlux
  @Import(Failing.class)
  static class WebFlux {
    @Bean
    Reactive reactive() {
      return new Reactive();
    }
  }

  @RestController
  static class Reactive {
    @GetMapping("/mono")
    Mono<String> mono() {
      return Mono.error(busy());
    }
  }
}
