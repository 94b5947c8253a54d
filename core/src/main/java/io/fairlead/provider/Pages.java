package io.fairlead.provider;

import static java.util.Objects.requireNonNull;

import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Pagination: reads the lists that a platform returns page by page.
 *
 * <p>A page token that repeats is an error, because the pages would never end.
 */
public final class Pages {
  private Pages() {}

  /**
   * {@return the items of all pages, in order}
   *
   * @param platform the id of the platform
   * @param what the content of the list, worded to follow "of", such as {@code the tags of model bert}
   * @param read reads the page of a token, which is null for the first
   * @param items the items of a page
   * @param next the token of the next page; null or empty after the last
   * @throws ServingException of kind {@link ErrorKind#UNKNOWN} if the pages do not end
   */
  public static <P, T> List<T> all(
      String platform,
      String what,
      Function<@Nullable String, ? extends P> read,
      Function<? super P, ? extends Collection<? extends T>> items,
      Function<? super P, @Nullable String> next) {
    List<T> all = new ArrayList<>();
    first(platform, what, read, items, next, item -> {
      all.add(item);
      return false;
    });
    return all;
  }

  /** {@return the first item that matches; later pages are not read} */
  public static <P, T> Optional<T> first(
      String platform,
      String what,
      Function<@Nullable String, ? extends P> read,
      Function<? super P, ? extends Collection<? extends T>> items,
      Function<? super P, @Nullable String> next,
      Predicate<? super T> wanted) {
    requireNonNull(platform, "platform");
    requireNonNull(what, "what");
    Set<String> tokens = new HashSet<>();
    @Nullable String token = null;
    do {
      P page = read.apply(token);
      for (T item : items.apply(page)) {
        if (wanted.test(item)) {
          return Optional.of(item);
        }
      }
      token = next.apply(page);
      if (token != null && !token.isEmpty() && !tokens.add(token)) {
        throw new ServingException(
            platform,
            ErrorKind.UNKNOWN,
            "The list of " + what + " does not end: page " + (tokens.size() + 1)
                + " names an earlier page as the next one. Report it to the platform, or to the"
                + " emulator that answers in its place.");
      }
    } while (token != null && !token.isEmpty());
    return Optional.empty();
  }
}
