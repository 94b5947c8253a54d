package io.fairlead.language;

import static java.util.Objects.requireNonNull;

import io.fairlead.grammar.Problems;
import java.net.URI;
import java.util.Map;
import java.util.function.Supplier;

/**
 * Access to an endpoint for a client of OpenAI's API, in any language or framework.
 *
 * <p>The bearer token is a secret, and ends: ask {@link #bearer()} before each request, which renews the token before
 * its end and answers from memory until then. It is neither in {@link #toString()} nor in a log.
 *
 * @param baseUrl what the client appends {@code /chat/completions} or {@code /embeddings} to, without a slash at its end
 * @param bearer supplies the token that is valid now; it may make a remote call, and fails with a {@link
 *     io.fairlead.error.ServingException}; thread-safe
 * @param model the name of the model in the client's requests
 */
public record OpenAiAccess(URI baseUrl, Supplier<String> bearer, String model) {
  public OpenAiAccess {
    requireNonNull(bearer, "bearer");
    Problems.in("OpenAiAccess")
        .check(
            baseUrl.isAbsolute()
                && baseUrl.getQuery() == null
                && !baseUrl.getPath().endsWith("/"),
            "baseUrl",
            "must be absolute, without a query and without a slash at its end",
            baseUrl)
        .check(!model.isBlank(), "model", "must not be blank")
        .throwIfAny();
  }

  /** {@return the headers of a request now: {@code Authorization}} */
  public Map<String, String> headers() {
    return Map.of("Authorization", "Bearer " + bearer.get());
  }

  /** {@return base URL and model, without the token} */
  @Override
  public String toString() {
    return "OpenAiAccess[" + model + " at " + baseUrl + "]";
  }
}
