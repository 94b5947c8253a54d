package io.fairlead.reconcile;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Optional;
import org.junit.jupiter.api.Test;

class FieldsTest {
  private record Part(int count, Optional<String> size) {}

  @Test
  void fieldsThatDifferAreShownWithTheirValues() {
    assertThat(Fields.changes(new Part(1, Optional.of("small")), new Part(2, Optional.of("small"))))
        .containsExactly("count: 1 -> 2");
  }

  @Test
  void ofOneValueWhatSaysSomethingIsShown() {
    assertThat(Fields.of(new Part(2, Optional.of("small"))))
        .containsExactly("count: 2", "size: small");
    assertThat(Fields.of(new Part(0, Optional.empty()))).isEmpty();
    assertThat(Fields.of("no record")).isEmpty();
    assertThat(Fields.of(new Part(0, Optional.of("a\n" + "b".repeat(500)))))
        .containsExactly("size: a " + "b".repeat(198) + "...");
  }

  @Test
  void anOptionalIsShownAsItsValueOrAsNone() {
    assertThat(Fields.changes(new Part(1, Optional.empty()), new Part(1, Optional.of("large"))))
        .containsExactly("size: none -> large");
  }
}
