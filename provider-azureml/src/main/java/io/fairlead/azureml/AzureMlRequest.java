package io.fairlead.azureml;

import static java.util.Objects.requireNonNull;

import io.fairlead.grammar.Problems;
import io.fairlead.grammar.RequestOptions;
import java.util.regex.Pattern;

/**
 * Azure ML's options of a request, for {@link io.fairlead.platform.Request#with}.
 *
 * <pre>{@code
 * Request.json(chat).withPath("/v1/chat/completions").with(new AzureMlRequest("order-17"))
 * }</pre>
 *
 * @param clientRequestId the caller's id of the request, which is in the logs of the endpoint: 1 to 40 letters, digits,
 *     hyphens and underscores
 */
public record AzureMlRequest(String clientRequestId) implements RequestOptions {
  /** Azure ML drops all other characters, and those after the fortieth. */
  private static final Pattern ID = Pattern.compile("[A-Za-z0-9_-]{1,40}");

  public AzureMlRequest {
    requireNonNull(clientRequestId, "clientRequestId");
    Problems.in("AzureMlRequest")
        .check(
            ID.matcher(clientRequestId).matches(),
            "clientRequestId",
            "must be 1 to 40 letters, digits, hyphens and underscores",
            clientRequestId)
        .throwIfAny();
  }

  @Override
  public String platform() {
    return AzureMlProvider.ID;
  }
}
