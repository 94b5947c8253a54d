package io.fairlead.vertex.standin;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Answers a list page by page. */
final class Pages {
  private static final Pattern TERM =
      Pattern.compile("(?:labels\\.([\\p{L}\\p{N}_-]+)(?::\\*|\\s*[=:]\\s*\"?([^\"]*)\"?))"
          + "|(?:display_name\\s*=\\s*\"?([^\"]*)\"?)"
          + "|(?:endpoint\\s*=\\s*\"?([^\"]*)\"?)");

  private Pages() {}

  /** What a filter can name of a resource. */
  record Facts(Map<String, String> labels, String displayName, String endpoint) {}

  static <T> void list(
      List<T> all,
      Function<T, Facts> facts,
      String filter,
      int limit,
      int pageSize,
      String pageToken,
      Consumer<T> page,
      Consumer<String> nextToken) {
    Rules.check(pageSize >= 0, "page_size", "must not be negative.");
    List<T> matching =
        all.stream().filter(one -> matches(facts.apply(one), filter)).toList();
    int from = pageToken.isEmpty() ? 0 : offset(pageToken);
    int size = pageSize == 0 ? limit : Math.min(pageSize, limit);
    int to = Math.min(matching.size(), from + size);
    matching.subList(Math.min(from, to), to).forEach(page);
    if (to < matching.size()) {
      nextToken.accept(Base64.getEncoder().encodeToString(("after:" + to).getBytes(UTF_8)));
    }
  }

  private static int offset(String pageToken) {
    try {
      String text = new String(Base64.getDecoder().decode(pageToken), UTF_8);
      return Integer.parseInt(text.substring("after:".length()));
    } catch (IllegalArgumentException | StringIndexOutOfBoundsException e) {
      throw Refusal.invalid("page_token", "Page token is invalid.");
    }
  }

  private static boolean matches(Facts facts, String filter) {
    boolean[] matches = {true};
    terms(
        filter,
        (key, value) -> matches[0] &= switch (key) {
          case "display_name" -> facts.displayName().equals(value);
          case "endpoint" -> facts.endpoint().equals(value);
          default -> {
            String label = facts.labels().get(key.substring("labels.".length()));
            yield label != null && (value.equals("*") || label.equals(value));
          }
        });
    return matches[0];
  }

  private static void terms(String filter, BiConsumer<String, String> term) {
    if (filter.isBlank()) {
      return;
    }
    for (String text : filter.split("\\s+AND\\s+", -1)) {
      Matcher matcher = TERM.matcher(text.strip());
      Rules.check(matcher.matches(), "filter", "Invalid filter: " + filter);
      if (matcher.group(1) != null) {
        term.accept(
            "labels." + matcher.group(1), matcher.group(2) == null ? "*" : matcher.group(2));
      } else if (matcher.group(3) != null) {
        term.accept("display_name", matcher.group(3));
      } else {
        term.accept("endpoint", matcher.group(4));
      }
    }
  }
}
