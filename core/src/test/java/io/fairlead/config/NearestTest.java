package io.fairlead.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NearestTest {
  @ParameterizedTest
  @CsvSource({"kitten, sitting, 3", "model, model, 0", "modle, model, 2", "'', abc, 3", "abc, '', 3"
  })
  void theDistanceIsTheNumberOfEdits(String one, String other, int distance) {
    assertThat(Nearest.distance(one, other)).isEqualTo(distance);
  }

  @Test
  void theNearestNameIsProposedAndAllIfNoneIsNear() {
    List<String> names = List.of("model", "min", "max");

    assertThat(Nearest.orAll("Modle", names)).isEqualTo(": did you mean model?");
    assertThat(Nearest.orAll("something", names)).isEqualTo("; there are: model, min, max");
    assertThat(Nearest.orAll("something", List.of())).isEmpty();
  }
}
