package io.fairlead.spring;

import io.fairlead.error.ServingException;
import io.fairlead.grammar.Redacted;
import io.fairlead.provider.HttpStatus;
import java.util.Locale;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.http.HttpHeaders;
import org.springframework.http.ProblemDetail;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.ExceptionHandler;
import org.springframework.web.bind.annotation.RestControllerAdvice;

/**
 * Answers for the controllers that fail with a {@link ServingException}, after all handlers of the application.
 *
 * <p>Those without an order come before it, too: of one order, the application's beans are first.
 */
@RestControllerAdvice
@Order(Ordered.LOWEST_PRECEDENCE)
class ServingExceptionHandler {
  private static final Logger LOG = LoggerFactory.getLogger(ServingExceptionHandler.class);
  private static final int SERVER_ERROR = 500;

  @ExceptionHandler
  ResponseEntity<ProblemDetail> handle(ServingException failure) {
    int status = HttpStatus.of(failure.kind());
    if (status >= SERVER_ERROR) {
      // Nobody else does, because it is handled here.
      LOG.warn("Answered with status {}", status, failure);
    }
    ProblemDetail problem = ProblemDetail.forStatus(status);
    problem.setDetail(Redacted.text(String.valueOf(failure.getMessage())));
    problem.setProperty("kind", failure.kind().name().toLowerCase(Locale.ROOT));
    problem.setProperty("retryable", failure.retryable());
    ResponseEntity.BodyBuilder answer = ResponseEntity.status(status);
    HttpStatus.retryAfterSeconds(failure)
        .ifPresent(seconds -> answer.header(HttpHeaders.RETRY_AFTER, String.valueOf(seconds)));
    return answer.body(problem);
  }
}
