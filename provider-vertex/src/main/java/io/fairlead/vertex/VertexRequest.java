package io.fairlead.vertex;

import io.fairlead.grammar.Problems;
import io.fairlead.grammar.RequestOptions;
import io.fairlead.spi.Settings;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Vertex AI's options of a request, for {@link io.fairlead.platform.Request#with}.
 *
 * <pre>{@code
 * Request.json(chat).with(VertexRequest.path("/v1/chat/completions"))
 * }</pre>
 *
 * <p>The container has to have {@linkplain VertexContainer#withInvokeRoutes() invoke routes}.
 */
public final class VertexRequest extends Settings<VertexRequest.Draft> implements RequestOptions {
  static final String RULE =
      "must be a path other than /, without a query, such as /v1/chat/completions";

  /** Unreserved characters and delimiters of RFC 3986, and percent-encoded octets. */
  private static final Pattern PATH =
      Pattern.compile("(/([A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})+)+/?");

  private static final Pattern UP = Pattern.compile("(^|/)\\.\\.?(/|$)");

  static final class Draft extends Settings.Draft {
    Optional<String> path = Optional.empty();
  }

  private VertexRequest(Draft draft) {
    super(draft);
    Problems problems = Problems.in("VertexRequest");
    draft.path.ifPresent(path -> problems.check(isPath(path), "path", RULE, path));
    problems.throwIfAny();
  }

  static boolean isPath(String text) {
    return PATH.matcher(text).matches() && !UP.matcher(text).find();
  }

  /** {@return the option of a request to one path of the container} */
  public static VertexRequest path(String path) {
    Draft draft = new Draft();
    draft.path = Optional.of(path);
    return new VertexRequest(draft);
  }

  /** {@return the path of the container, such as {@code /v1/chat/completions}; by default the container's} */
  public Optional<String> path() {
    return draft().path;
  }

  @Override
  public String platform() {
    return VertexProvider.ID;
  }
}
