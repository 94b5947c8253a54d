package io.fairlead.vertex.internal.http;

import io.fairlead.grammar.Container;
import io.fairlead.grammar.Endpoint;
import io.fairlead.vertex.VertexContainer;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Where an endpoint answers clients of OpenAI's API, and what they call its model. */
public final class OpenAiNames {
  /** The routes of OpenAI's API that servers of language models have, below their base. */
  private static final Pattern ROUTE =
      Pattern.compile("/(chat/completions|completions|embeddings|responses|models)/?$");

  private static final String BASE = "/v1";

  private OpenAiNames() {}

  /**
   * {@return the path below which an endpoint has {@code /chat/completions}}
   *
   * <p>A container with invoke routes is called at its own base, which is that of its default path if there is one.
   * For others, version 1 beta 1 of the API has that one route: {@code
   * projects.locations.endpoints.chat.completions}.
   *
   * @param endpoint the full name of the endpoint
   * @param routes the options of a container with invoke routes; null for others
   */
  public static String path(String endpoint, @Nullable VertexContainer routes) {
    if (routes == null) {
      return "/v1beta1/" + endpoint;
    }
    String base = routes
        .invokePath()
        .filter(path -> ROUTE.matcher(path).find())
        .map(path -> ROUTE.matcher(path).replaceFirst(""))
        .orElse(BASE);
    return "/v1/" + endpoint + "/invoke" + base;
  }

  /**
   * {@return the name of the model, as far as the value tells: by the arguments of the container, or the id on the hub,
   * or else the model's name or that of the endpoint}
   *
   * @param hubModel the variable of the environment that has the id on the hub
   */
  public static String model(Endpoint endpoint, String hubModel) {
    Container container = endpoint.container();
    List<String> args = container
        .runtime()
        .options()
        .find(VertexContainer.class)
        .map(VertexContainer::args)
        .orElse(List.of());
    return argument(args, "--served-model-name")
        .or(() -> Optional.ofNullable(container.dependencies().environment().get(hubModel))
            .filter(id -> !id.isBlank()))
        .or(() -> hubId(container))
        .or(() -> argument(args, "--model"))
        .or(() -> container.artifact().metadata().name())
        .orElseGet(endpoint::name);
  }

  private static Optional<String> hubId(Container container) {
    var weights = container.artifact().weights();
    return "hf".equals(weights.getScheme())
        ? Optional.of(weights.getAuthority() + weights.getPath())
        : Optional.empty();
  }

  /** {@return the value of an argument, which is in the same word or in the next} */
  private static Optional<String> argument(List<String> args, String name) {
    for (int i = 0; i < args.size(); i++) {
      String arg = args.get(i);
      if (arg.startsWith(name + "=")) {
        return Optional.of(arg.substring(name.length() + 1)).filter(value -> !value.isBlank());
      }
      if (arg.equals(name) && i + 1 < args.size()) {
        return Optional.of(args.get(i + 1)).filter(value -> !value.isBlank());
      }
    }
    return Optional.empty();
  }
}
