package io.fairlead.langchain4j;

import dev.langchain4j.exception.AuthenticationException;
import dev.langchain4j.exception.InternalServerException;
import dev.langchain4j.exception.InvalidRequestException;
import dev.langchain4j.exception.ModelNotFoundException;
import dev.langchain4j.exception.NonRetriableException;
import dev.langchain4j.exception.RateLimitException;
import dev.langchain4j.exception.TimeoutException;
import io.fairlead.error.ServingException;
import java.io.IOException;
import java.nio.channels.UnresolvedAddressException;
import java.util.concurrent.CompletionException;

/** Failures of a platform as exceptions of LangChain4j, which go by whether it retries them. */
final class Failures {
  private Failures() {}

  /** {@return LangChain4j's exception, with what a platform threw as its cause; others unchanged} */
  static RuntimeException of(Throwable thrown) {
    if (thrown instanceof ServingException failure) {
      return of(failure);
    }
    if (thrown instanceof IllegalArgumentException) {
      return new InvalidRequestException(thrown.getMessage(), thrown);
    }
    Throwable cause = thrown.getCause();
    boolean isWrapped = thrown instanceof CompletionException || thrown instanceof IOException;
    if (isWrapped && cause != null) {
      return of(cause);
    }
    return thrown instanceof RuntimeException other ? other : new NonRetriableException(thrown);
  }

  private static RuntimeException of(ServingException failure) {
    String message = failure.getMessage();
    ServingException cause = shown(failure);
    boolean retryable = failure.retryable();
    return switch (failure.kind()) {
      case UNAUTHORIZED -> new AuthenticationException(message, cause);
      case NOT_FOUND -> new ModelNotFoundException(message, cause);
      case INVALID -> new InvalidRequestException(message, cause);
      case THROTTLED ->
        retryable
            ? new RateLimitException(message, cause)
            : new NonRetriableException(message, cause);
      case TIMEOUT ->
        retryable
            ? new TimeoutException(message, cause)
            : new NonRetriableException(message, cause);
      default ->
        retryable
            ? new InternalServerException(message, cause)
            : new NonRetriableException(message, cause);
    };
  }

  /**
   * {@return the failure, without a cause if that ends in an unknown host}
   *
   * <p>LangChain4j's {@code ExceptionMapper} replaces an exception whose last cause is one, and with it the sentence.
   */
  private static ServingException shown(ServingException failure) {
    Throwable root = failure;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    if (!(root instanceof UnresolvedAddressException)) {
      return failure;
    }
    ServingException copy = failure.withMessage(String.valueOf(failure.getMessage()), null);
    copy.addSuppressed(failure);
    return copy;
  }
}
