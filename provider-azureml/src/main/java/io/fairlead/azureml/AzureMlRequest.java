package io.fairlead.azureml;

import static java.util.Objects.requireNonNull;

import io.fairlead.grammar.Problems;
import io.fairlead.grammar.RequestOptions;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Azure ML's options of a request, for {@link io.fairlead.platform.Request#with}.
 *
 * <pre>{@code
 * Request.json(chat).with(AzureMlRequest.path("/v1/chat/completions").withClientRequestId("order-17"))
 * }</pre>
 *
 * @param path the path at the host of the endpoint, such as {@code /v1/chat/completions}; by default that of its scoring
 *     URI, such as {@code /score}
 * @param clientRequestId the caller's id of the request, which is in the logs of the endpoint
 */
public record AzureMlRequest(Optional<String> path, Optional<String> clientRequestId)
    implements RequestOptions {
  /** Unreserved characters and delimiters of RFC 3986, and percent-encoded octets. */
  private static final Pattern PATH =
      Pattern.compile("(/([A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})+)+/?");

  private static final Pattern UP = Pattern.compile("(^|/)\\.\\.?(/|$)");

  /** Azure ML drops all other characters, and those after the fortieth. */
  private static final Pattern ID = Pattern.compile("[A-Za-z0-9_-]{1,40}");

  public AzureMlRequest {
    requireNonNull(path, "path");
    requireNonNull(clientRequestId, "clientRequestId");
    Problems.in("AzureMlRequest")
        .check(
            path.isEmpty() || isPath(path.get()),
            "path",
            "must be a path other than /, without a query, such as /v1/chat/completions",
            path.orElse(""))
        .check(
            clientRequestId.isEmpty() || ID.matcher(clientRequestId.get()).matches(),
            "clientRequestId",
            "must be 1 to 40 letters, digits, hyphens and underscores",
            clientRequestId.orElse(""))
        .throwIfAny();
  }

  private static boolean isPath(String text) {
    return PATH.matcher(text).matches() && !UP.matcher(text).find();
  }

  /** {@return the option of a request to one path of the container} */
  public static AzureMlRequest path(String path) {
    return new AzureMlRequest(Optional.of(path), Optional.empty());
  }

  /** {@return the option of a request with the caller's id} */
  public static AzureMlRequest clientRequestId(String id) {
    return new AzureMlRequest(Optional.empty(), Optional.of(id));
  }

  /** {@return a copy to one path of the container} */
  public AzureMlRequest withPath(String newPath) {
    return new AzureMlRequest(Optional.of(newPath), clientRequestId);
  }

  /** {@return a copy with the caller's id, 1 to 40 letters, digits, hyphens and underscores} */
  public AzureMlRequest withClientRequestId(String newId) {
    return new AzureMlRequest(path, Optional.of(newId));
  }

  @Override
  public String platform() {
    return AzureMlProvider.ID;
  }
}
