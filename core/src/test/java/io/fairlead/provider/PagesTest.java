package io.fairlead.provider;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class PagesTest {
  private final List<String> read = new ArrayList<>();

  private record Page(List<Integer> items, String next) {}

  private Page read(Map<String, Page> pages, String token) {
    read.add(String.valueOf(token));
    return pages.get(String.valueOf(token));
  }

  private List<Integer> all(Map<String, Page> pages) {
    return Pages.all("attic", "shelves", token -> read(pages, token), Page::items, Page::next);
  }

  private static final Map<String, Page> THREE = Map.of(
      "null",
      new Page(List.of(1, 2), "a"),
      "a",
      new Page(List.of(), "b"),
      "b",
      new Page(List.of(3), ""));

  @Test
  void allPagesAreReadInOrderAndAnEmptyOneIsNotTheLast() {
    assertThat(all(THREE)).containsExactly(1, 2, 3);
    assertThat(read).containsExactly("null", "a", "b");
  }

  @Test
  void thePageWithoutANextTokenIsTheLast() {
    assertThat(all(Map.of("null", new Page(List.of(1), null)))).containsExactly(1);
    assertThat(all(Map.of("null", new Page(List.of(), "")))).isEmpty();
  }

  @Test
  void pagesAfterTheItemThatIsWantedAreNotRead() {
    assertThat(Pages.first(
            "attic", "shelves", token -> read(THREE, token), Page::items, Page::next, n -> n == 2))
        .contains(2);
    assertThat(read).containsExactly("null");
  }

  @Test
  void anItemThatIsNowhereIsAbsent() {
    assertThat(Pages.first(
            "attic", "shelves", token -> read(THREE, token), Page::items, Page::next, n -> n > 9))
        .isEmpty();
  }

  @Test
  void aTokenThatRepeatsEndsWithAnErrorInsteadOfAnEndlessLoop() {
    Map<String, Page> circle = Map.of(
        "null",
        new Page(List.of(1), "a"),
        "a",
        new Page(List.of(2), "b"),
        "b",
        new Page(List.of(3), "a"));

    assertThatExceptionOfType(ServingException.class)
        .isThrownBy(() -> all(circle))
        .withMessageContaining("The list of shelves does not end: page 3 names an earlier page")
        .satisfies(e -> {
          assertThat(e.kind()).isEqualTo(ErrorKind.UNKNOWN);
          assertThat(e.retryable()).isFalse();
          assertThat(e.platform()).isEqualTo("attic");
        });
    assertThat(read).containsExactly("null", "a", "b");
  }

  @Test
  void itSaysWhatIsListed() {
    assertThatNullPointerException()
        .isThrownBy(
            () -> Pages.all("attic", null, token -> THREE.get("b"), Page::items, Page::next))
        .withMessage("what");
  }
}
