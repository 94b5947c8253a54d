package io.fairlead.azureml.internal.arm;

import com.azure.core.credential.TokenCredential;
import com.azure.core.credential.TokenRequestContext;
import com.azure.core.exception.ClientAuthenticationException;
import com.azure.core.http.HttpClient;
import com.azure.core.http.HttpHeaderName;
import com.azure.core.http.HttpHeaders;
import com.azure.core.http.HttpMethod;
import com.azure.core.http.HttpPipeline;
import com.azure.core.http.HttpPipelineBuilder;
import com.azure.core.http.HttpRequest;
import com.azure.core.http.policy.HttpPipelinePolicy;
import com.azure.core.http.policy.UserAgentPolicy;
import com.azure.identity.CredentialUnavailableException;
import io.fairlead.azureml.AzureMlProvider;
import io.fairlead.azureml.internal.arm.StartedOperation.Style;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.provider.Pages;
import io.fairlead.reconcile.Accepted;
import io.fairlead.reconcile.Outcome;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * The calls to Azure Resource Manager: each is made once, with a timeout for the whole of it, and can be interrupted.
 *
 * <p>A token is sent to the one host that is configured and to no other, whatever links and operations an answer names.
 */
final class Arm {
  private static final HttpHeaderName OPERATION = HttpHeaderName.fromString("Azure-AsyncOperation");
  private static final HttpHeaderName REQUEST_ID = HttpHeaderName.fromString("x-ms-request-id");
  private static final String JSON = "application/json";
  private static final String PRODUCT = "fairlead";
  private static final int ACCEPTED = 202;
  private static final int FIRST_ERROR = 300;
  private static final int REQUEST_TIMEOUT = 408;
  private static final int TOO_MANY = 429;
  private static final int SERVER_ERROR = 500;
  private static final int PRECONDITION_FAILED = 412;
  private static final int UNAUTHORIZED = 401;
  private static final int FORBIDDEN = 403;
  private static final int NOT_FOUND = 404;
  private static final int BAD_REQUEST = 400;

  private final URI host;
  private final Duration timeout;
  private final HttpPipeline pipeline;
  private final ArmErrors errors;

  /**
   * Creates the calls.
   *
   * @param host the host of Azure Resource Manager, to which the token is sent
   * @param scope the scope of the token, which is the cloud's
   * @param identity the credentials, as a phrase for messages
   */
  Arm(
      URI host,
      String scope,
      TokenCredential credential,
      String identity,
      HttpClient client,
      Duration timeout) {
    this.host = host;
    this.timeout = timeout;
    this.errors = new ArmErrors(identity);
    TokenRequestContext token = new TokenRequestContext().addScopes(scope).setCaeEnabled(true);
    HttpPipelinePolicy bearer = BearerPolicy.of(host, credential, token);
    this.pipeline = new HttpPipelineBuilder()
        .httpClient(client)
        .policies(new UserAgentPolicy(PRODUCT), bearer)
        .build();
  }

  ArmErrors errors() {
    return errors;
  }

  /** An answer, whatever its status. */
  private record Answer(int status, HttpHeaders headers, Optional<Document> body) {
    Optional<String> header(HttpHeaderName name) {
      return Optional.ofNullable(headers.getValue(name)).filter(value -> !value.isBlank());
    }

    Optional<Duration> retryAfter() {
      return header(HttpHeaderName.RETRY_AFTER)
          .filter(seconds -> seconds.matches("[0-9]{1,6}"))
          .map(seconds -> Duration.ofSeconds(Long.parseLong(seconds)));
    }
  }

  // ---- calls ----

  /** {@return an object; empty if it does not exist} */
  Optional<Document> find(String what, String path) {
    Answer answer = send(what, HttpMethod.GET, uri(path), null);
    if (answer.status() == NOT_FOUND) {
      return Optional.empty();
    }
    return Optional.of(document(what, checked(what, answer)));
  }

  /** {@return an object that has to exist} */
  Document get(String what, String path) {
    Answer answer = send(what, HttpMethod.GET, uri(path), null);
    if (answer.status() == NOT_FOUND) {
      throw errors.absent(what, answer.body(), answer.header(REQUEST_ID));
    }
    return document(what, checked(what, answer));
  }

  /** {@return the answer to an action} */
  Document post(String what, String path, Document body) {
    return document(what, checked(what, send(what, HttpMethod.POST, uri(path), body)));
  }

  /**
   * Creates an object that was just looked for and does not exist.
   *
   * <p>The condition is not documented for Azure ML. Where it is not heeded, an object that was created since then is
   * replaced.
   */
  Accepted create(String what, String path, Document body) {
    HttpRequest request = request(HttpMethod.PUT, uri(path), body);
    request.setHeader(HttpHeaderName.IF_NONE_MATCH, "*");
    Answer answer = send(what, request);
    if (answer.status() == PRECONDITION_FAILED) {
      throw errors.exists(what, answer.header(REQUEST_ID));
    }
    return accepted(what, checked(what, answer));
  }

  /** {@return an accepted creation or replacement; empty if the object was deleted before and cannot be created again} */
  Optional<Accepted> putUnlessDeletedBefore(String what, String path, Document body) {
    Answer answer = send(what, HttpMethod.PUT, uri(path), body);
    return answer.status() >= FIRST_ERROR && ArmErrors.isDeletedForGood(answer.body())
        ? Optional.empty()
        : Optional.of(accepted(what, checked(what, answer)));
  }

  /** Replaces an object, or creates it. */
  Accepted put(String what, String path, Document body) {
    return accepted(what, checked(what, send(what, HttpMethod.PUT, uri(path), body)));
  }

  /** Changes a part of an object. */
  Accepted patch(String what, String path, Document body) {
    return accepted(what, checked(what, send(what, HttpMethod.PATCH, uri(path), body)));
  }

  /** Deletes an object; one that does not exist is deleted. */
  Accepted delete(String what, String path) {
    Answer answer = send(what, HttpMethod.DELETE, uri(path), null);
    if (answer.status() >= FIRST_ERROR) {
      throw errors.ofDeletion(
          what, answer.status(), answer.body(), answer.retryAfter(), answer.header(REQUEST_ID));
    }
    return accepted(what, answer);
  }

  /** {@return the objects of all pages of a list} */
  List<Document> list(String what, String path) {
    return Pages.<Document, Document>all(
        AzureMlProvider.ID,
        what,
        next -> {
          URI uri = next == null ? uri(path) : here(what, next);
          return document(what, checked(what, send(what, HttpMethod.GET, uri, null)));
        },
        page -> page.all("value"),
        page -> page.text("nextLink").orElse(""));
  }

  /** {@return the objects inside another one; none if that does not exist} */
  List<Document> listInside(String what, String path) {
    try {
      return list(what, path);
    } catch (ServingException e) {
      if (e.kind() == ErrorKind.NOT_FOUND) {
        return List.of();
      }
      throw e;
    }
  }

  private static Document document(String what, Answer answer) {
    return answer
        .body()
        .orElseThrow(() -> new ServingException(
            AzureMlProvider.ID, ErrorKind.UNKNOWN, what + " failed: the answer is no document"));
  }

  private Answer checked(String what, Answer answer) {
    if (answer.status() >= FIRST_ERROR) {
      throw errors.answered(
          what, answer.status(), answer.body(), answer.retryAfter(), answer.header(REQUEST_ID));
    }
    return answer;
  }

  // ---- operations ----

  /** An operation at another host is not followed, because it would get the token: the object itself tells its state. */
  private Accepted accepted(String what, Answer answer) {
    Optional<Accepted> operation = answer
        .header(OPERATION)
        .filter(this::isHere)
        .map(uri -> new StartedOperation(Style.DOCUMENT, URI.create(uri), what))
        .or(() -> answer
            .header(HttpHeaderName.LOCATION)
            .filter(uri -> answer.status() == ACCEPTED && isHere(uri))
            .map(uri -> new StartedOperation(Style.STATUS_CODE, URI.create(uri), what)))
        .map(started -> Accepted.as(started.toString()));
    Accepted accepted = operation.orElse(Accepted.VISIBLE);
    return answer.retryAfter().map(accepted::askAfter).orElse(accepted);
  }

  /** {@return the state of an operation that a call has started} */
  Outcome poll(String operation) {
    StartedOperation started = StartedOperation.parse(operation);
    String what = "Poll '" + started.what() + "'";
    Answer answer = send(what, HttpMethod.GET, started.uri(), null);
    if (answer.status() == NOT_FOUND) {
      // The record of an operation expires: the object itself tells how it ended.
      return Outcome.succeeded();
    }
    boolean isOfPoll = started.style() == Style.DOCUMENT || !isOutcome(answer.status());
    if (isOfPoll) {
      checked(what, answer);
    }
    Outcome outcome = started.style() == Style.DOCUMENT
        ? byDocument(started, document(what, answer))
        : byStatusCode(started, answer);
    return answer.retryAfter().map(outcome::askAfter).orElse(outcome);
  }

  /** {@return whether a status says how an operation ended; otherwise it says that the poll was refused} */
  private static boolean isOutcome(int status) {
    return status != TOO_MANY
        && status != REQUEST_TIMEOUT
        && status != UNAUTHORIZED
        && status != FORBIDDEN
        && status < SERVER_ERROR;
  }

  private Outcome byDocument(StartedOperation started, Document operation) {
    String status = operation.text("status").orElse("");
    return switch (status.toLowerCase(Locale.ROOT)) {
      // Without a status, the object itself tells how it ended.
      case "succeeded", "" -> Outcome.succeeded();
      case "failed", "canceled", "cancelled" ->
        Outcome.failed(errors.ofOperation(started.what(), operation, BAD_REQUEST));
      default -> Outcome.running(status);
    };
  }

  private Outcome byStatusCode(StartedOperation started, Answer answer) {
    if (answer.status() == ACCEPTED) {
      return Outcome.running("");
    }
    return answer.status() < FIRST_ERROR
        ? Outcome.succeeded()
        : Outcome.failed(errors.ofOperation(
            started.what(), answer.body().orElse(Document.EMPTY), answer.status()));
  }

  /** {@return the document of an operation; empty if it does not exist any more, or is at another host} */
  Optional<Document> operation(String uri) {
    if (!isHere(uri)) {
      return Optional.empty();
    }
    String what = "Get an operation";
    Answer answer = send(what, HttpMethod.GET, URI.create(uri), null);
    if (!isOutcome(answer.status())) {
      checked(what, answer);
    }
    return answer.status() < FIRST_ERROR ? answer.body() : Optional.empty();
  }

  // ---- the wire ----

  private URI uri(String path) {
    return host.resolve(path);
  }

  private boolean isHere(String uri) {
    try {
      return BearerPolicy.isAt(host, URI.create(uri));
    } catch (IllegalArgumentException e) {
      return false;
    }
  }

  private URI here(String what, String link) {
    if (!isHere(link)) {
      throw new ServingException(
          AzureMlProvider.ID,
          ErrorKind.UNKNOWN,
          what + " failed: the next page is at another host than " + host
              + ", which must not get the token");
    }
    return URI.create(link);
  }

  private Answer send(String what, HttpMethod method, URI uri, @Nullable Document body) {
    return send(what, request(method, uri, body));
  }

  private static HttpRequest request(HttpMethod method, URI uri, @Nullable Document body) {
    HttpRequest request =
        new HttpRequest(method, uri.toString()).setHeader(HttpHeaderName.ACCEPT, JSON);
    if (body != null) {
      request.setHeader(HttpHeaderName.CONTENT_TYPE, JSON).setBody(body.write());
    } else if (method == HttpMethod.POST) {
      request.setHeader(HttpHeaderName.CONTENT_LENGTH, "0");
    }
    return request;
  }

  private Answer send(String what, HttpRequest request) {
    Mono<Answer> answer = pipeline
        .send(request)
        .flatMap(response -> response
            .getBodyAsByteArray()
            .defaultIfEmpty(new byte[0])
            .map(bytes ->
                new Answer(response.getStatusCode(), response.getHeaders(), Document.read(bytes))));
    return get(what, answer.toFuture());
  }

  /** A future instead of the SDK's own waiting, which is refused on threads of reactive applications. */
  private Answer get(String what, CompletableFuture<Answer> answer) {
    try {
      return answer.get(timeout.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      answer.cancel(true);
      Thread.currentThread().interrupt();
      throw errors.interrupted(what, e);
    } catch (TimeoutException e) {
      answer.cancel(true);
      throw errors.overdue(what, timeout, e);
    } catch (ExecutionException e) {
      throw failure(what, e.getCause() == null ? e : e.getCause());
    }
  }

  private ServingException failure(String what, Throwable thrown) {
    Throwable cause = reactor.core.Exceptions.unwrap(thrown);
    if (cause instanceof Error error) {
      throw error;
    }
    if (cause instanceof java.util.concurrent.TimeoutException
        || cause instanceof java.net.http.HttpTimeoutException
        || cause instanceof java.net.SocketTimeoutException) {
      return errors.overdue(what, timeout, cause);
    }
    if (cause instanceof ServingException serving) {
      return serving;
    }
    return cause instanceof ClientAuthenticationException
            || cause instanceof CredentialUnavailableException
        ? errors.noToken(what, cause)
        : errors.unanswered(what, cause);
  }
}
