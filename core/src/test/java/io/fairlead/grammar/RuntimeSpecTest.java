package io.fairlead.grammar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fairlead.grammar.SampleValues.SampleOption;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RuntimeSpecTest {
  @Test
  void anImageMayBeLeftToThePlatform() {
    assertThat(RuntimeSpec.NONE.image()).isEmpty();
    assertThat(RuntimeSpec.of("image").image()).contains("image");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", " ", "a b", "image\n", "\timage"})
  void anImageHasNoSpaces(String image) {
    assertThatThrownBy(() -> RuntimeSpec.of(image))
        .isInstanceOf(InvalidValueException.class)
        .hasMessage(
            "RuntimeSpec: image must not be empty or contain spaces; where there is none, leave it out (got \""
                + image + "\")");
  }

  @Test
  void anImageHasAtMost255Characters() {
    assertThat(RuntimeSpec.of("i".repeat(255)).image()).contains("i".repeat(255));
    assertThatThrownBy(() -> RuntimeSpec.of("i".repeat(256)))
        .isInstanceOf(InvalidValueException.class)
        .hasMessage("RuntimeSpec: image must be at most 255 characters (got \"" + "i".repeat(100)
            + "... (256 characters)\")");
  }

  @Test
  void anOptionIsAddedToACopy() {
    assertThat(RuntimeSpec.of("image").with(new SampleOption("red")))
        .isEqualTo(new RuntimeSpec(Optional.of("image"), Options.of(new SampleOption("red"))));
  }
}
